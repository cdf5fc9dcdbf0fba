"""A made-up city of three districts whose tables have passed disclosure control: one whose effect
can be said, one tiny, one without an effect.
"""

from datetime import date

import polars as pl
import pytest
import yaml

from evalkit.disclosure import protect_counts, protect_curve, protect_estimates
from evalkit.params import Run, RunFile
from evalkit.records import validate
from evalkit.words import words_of_run

FROM = {"source": "made up for this test", "grade": "L"}
EFFECT = {"intervention_id": "work_training", "estimand": "start_now_rather_than_wait"}
EFFECT_KEYS = ["district", "intervention_id", "estimand"]
LIMITS = ["estimate", "ci_lower", "ci_upper"]
SVG = (
    '<svg width="400" height="200" viewBox="0 0 400 200"><defs><clipPath id="a"/></defs><rect '
    'clip-path="url(#a)" width="9" height="9"/></svg>'
)

PROTOCOL = {
    "protocol": "work_training",
    "intervention_id": "work_training",
    "title": {"sv": "Arbetsträning", "en": "Work training"},
    "question": {"sv": "Vad ändrar det att börja nu?", "en": "What does it change to start now?"},
    "follow_up_months": 24,
    "eligibility": {"from_month": 2, "to_month": 36},
    "outcomes": ["work", "studies", "subsidised_work", "sheltered_work", "support"],
    "covariates": [],
    "subgroups": [
        {
            "name": "young_adults",
            "title": {"sv": "Unga vuxna", "en": "Young adults"},
            "column": "birth_year",
            "at_least": 1990,
        }
    ],
    "assumptions": [{"sv": "Ingen annans utfall ändras.", "en": "Nobody else's outcome changes."}],
}
PRICE_BOOK = {
    "book": "prices",
    "title": {"sv": "Påhittade priser", "en": "Made-up prices"},
    "currency": "SEK",
    "price_year": 2024,
    "appraisal": {
        "discount_rate": "rate",
        "cost_of_public_funds": "rate",
        "displacement": dict.fromkeys(("zero", "central", "high"), "rate"),
    },
    "livelihoods": [],
    "prices": [],
    "postings": [
        {
            "posting": "place",
            "name": {"sv": "Plats i arbetsträning", "en": "Place in work training"},
            "driver": "programme_starts",
            "paid_by": "district",
            "received_by": "resources",
            "kind": "real_resource",
        }
    ],
}
RUN = {
    "run": "sample",
    "title": {"sv": "En påhittad stad", "en": "A made-up city"},
    "districts": ["Norr", "Öster & Ön", "Söder"],
    "seed": 7,
    "extract": {"folder": "extract", "first_month": "2019-01", "data_through": "2023-12"},
    "effects": {"protocols": ["protocol.yaml"]},
    "value": {"price_book": "prices.yaml"},
    "notices": [
        {
            "sv": "Det här visar metoden, inte ett resultat.",
            "en": "This shows the method, not a finding.",
        },
        {"sv": "Staden finns inte.", "en": "The city does not exist."},
    ],
}


@pytest.fixture
def make_run(tmp_path):
    """A run of the made-up city in a temporary folder; fields of the run file may be replaced."""

    def make(**changes) -> Run:
        (tmp_path / "protocol.yaml").write_text(
            yaml.safe_dump(PROTOCOL, allow_unicode=True), encoding="utf-8"
        )
        (tmp_path / "prices.yaml").write_text(
            yaml.safe_dump(PRICE_BOOK, allow_unicode=True), encoding="utf-8"
        )
        return Run(
            run_dir=tmp_path / "sample",
            run_file=tmp_path / "sample.yaml",
            params=validate({**RUN, **changes}, RunFile, where="conftest"),
            versions={"evalkit": "0.1.0"},
            run_id="sample-0123456789ab",
            inputs={"extract/person.csv": "ab" * 32},
        )

    return make


@pytest.fixture
def run(make_run) -> Run:
    return make_run()


@pytest.fixture(params=["sv", "en"])
def words(request, run):
    return words_of_run(run, request.param)


@pytest.fixture
def run_of_two(make_run):
    """A run with a second intervention, language practice, whose protocol is that of work
    training.
    """
    run = make_run(
        effects={"protocols": ["protocol.yaml", "second.yaml"]},
        wording={"value.language_practice": {"sv": "språkpraktik", "en": "language practice"}},
    )
    second = yaml.safe_load(run.path("protocol.yaml").read_text(encoding="utf-8")) | {
        "intervention_id": "language_practice"
    }
    run.path("second.yaml").write_text(yaml.safe_dump(second), encoding="utf-8")
    return run


@pytest.fixture(scope="session")
def tables() -> dict:
    """All published tables of the made-up city by name."""
    made = [
        _people(),
        *[
            _exit_curves(district, n)
            for district, n in (("norr", 200), ("öster-ön", 60), ("söder", 5), ("all", 265))
        ],
        _exits(),
        _time_on_support(),
        *[_states(district) for district in ("norr", "öster-ön", "all")],
        _effect_status(),
        _effect_curves(),
        _effect_summary(),
        _sensitivity(),
        _balance(),
        _value_by_actor(),
        _displacement(),
        *_value_over_time(),
        *_allocation(),
        _prices(),
        _intake(),
        _state_sources(),
    ]
    return {table.name: table for table in made}


@pytest.fixture(scope="session")
def figures() -> dict[str, str]:
    """A plain picture for every figure of a district's page."""
    effect = "work-training-start-now-rather-than-wait"
    of_effect = [
        f"{name}-{effect}"
        for name in (
            "effect_curves",
            "effect_months",
            "value_summary",
            "value_by_actor",
            "value_curve",
        )
    ]
    return dict.fromkeys(("exit_curves", "states", *of_effect, "balance-work-training"), SVG)


@pytest.fixture(scope="session")
def two_interventions(tables) -> dict:
    """The tables with a second intervention, language practice, whose rows are those of work
    training.
    """
    families = (
        "effect_status",
        "effect_curves",
        "effect_summary",
        "effect_sensitivity",
        "balance",
        "value_by_actor",
    )
    families += ("value_payback", "value_parts")
    return {**tables, **{name: _with_second(tables[name]) for name in families}}


@pytest.fixture(scope="session")
def told_in_studies(tables):
    """The tables with studies in the place of work, of all interventions or of one."""

    def tell(intervention_id: str | None = None, given: dict = tables) -> dict:
        return {
            **given,
            **{
                name: _in_studies(given[name], intervention_id)
                for name in ("effect_curves", "effect_summary")
            },
        }

    return tell


@pytest.fixture(scope="session")
def make_summary():
    """The table effect_summary with another range for the share in work at the end."""
    return _effect_summary


NAMES = {"norr": "Norr", "öster-ön": "Öster & Ön", "söder": "Söder", "all": "all"}


def _frame(rows, columns) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)


def _in_studies(table, intervention_id):
    column = "state" if "state" in table.keys else "outcome"
    swapped = (
        pl.col(column)
        .str.replace("studies", "WORK")
        .str.replace("work", "studies")
        .str.replace("WORK", "work")
    )
    is_meant = pl.col("intervention_id") == intervention_id if intervention_id else pl.lit(True)
    own = table.data.with_columns(
        pl.when(is_meant).then(swapped).otherwise(column).alias(column)
    ).drop("row_id", "status")
    values = [name for name in own.columns if name not in table.keys]
    return protect_estimates(
        own,
        name=table.name,
        keys=list(table.keys),
        values=values,
        n_persons=None,
        unit=table.unit,
        **FROM,
    )


def _with_second(table):
    values = [
        column for column in table.data.columns if column not in (*table.keys, "row_id", "status")
    ]
    own = table.data.select(*table.keys, *values)
    both = pl.concat([own, own.with_columns(intervention_id=pl.lit("language_practice"))])
    return protect_estimates(
        both,
        name=table.name,
        keys=list(table.keys),
        values=values,
        n_persons=None,
        unit=table.unit,
        **FROM,
    )


def _people():
    counts = {
        "Norr": (412, 260, 318, 21),
        "Öster & Ön": (148, 60, 71, 6),
        "Söder": (31, 5, 6, 0),
    }
    counts["all"] = tuple(sum(column) for column in zip(*counts.values(), strict=True))
    measures = (
        "persons",
        "persons_with_support",
        "support_spells_start_known",
        "support_spells_start_unknown",
    )
    rows = [(d, m, n) for d, ns in counts.items() for m, n in zip(measures, ns, strict=True)]
    table = _frame(rows, ["district", "measure", "count"])
    return protect_counts(
        table,
        name="people",
        keys=["district", "measure"],
        counts=["count"],
        n_persons=None,
        unit="persons or periods",
        **FROM,
    )


def _exit_curves(place, n):
    speeds = {"work": (0.42, 9), "studies": (0.28, 14), "training": (0.09, 12)}
    totals = {
        exit_: [round(n * size * month / (month + speed)) for month in range(25)]
        for exit_, (size, speed) in speeds.items()
    }
    rows = []
    for month in range(25):
        at_risk = n - sum(total[max(0, month - 1)] for total in totals.values())
        for exit_, total in totals.items():
            share = total[month] / n
            margin = 1.96 * (share * (1 - share) / n) ** 0.5
            limits = (max(0, share - margin), share + margin)
            rows.append((NAMES[place], exit_, month, share, *limits, at_risk, n))
    table = _frame(rows, ["district", "exit", "month", *LIMITS, "n_at_risk", "n_persons"])
    return protect_curve(
        table,
        name=f"exit_curves-{place}",
        by=["district", "exit"],
        time="month",
        n_persons="n_persons",
        parts="exit",
        unit="share",
        **FROM,
    )


def _exits():
    counts = {"Norr": (130, 82, 29, 77), "Öster & Ön": (24, 17, 8, 22), "Söder": (2, 1, 0, 3)}
    exits = ("work", "studies", "training", "still_on_support")
    rows = [
        (d, e, n, n, None, sum(ns))
        for d, ns in counts.items()
        for e, n in zip(exits, ns, strict=True)
    ]
    table = _frame(rows, ["district", "exit", "n_spells", "n_persons", "share", "n_whole"])
    return protect_counts(
        table,
        name="exits",
        keys=["district", "exit"],
        counts=["n_spells", "n_persons", "n_whole", "share"],
        n_persons=None,
        shares={"share": ("n_spells", "n_whole")},
        unit="periods",
        **FROM,
    )


def _time_on_support():
    means = {
        "Norr": (4.9, 7.6, 11.2, 200),
        "Öster & Ön": (4.4, 6.5, 9.4, 60),
        "Söder": (5.1, 8.0, 12.0, 4),
        "all": (4.8, 7.4, 10.9, 264),
    }
    rows = [
        (d, h, mean, mean - 0.04 * h, mean + 0.04 * h, n, n)
        for d, (*values, n) in means.items()
        for h, mean in zip((6, 12, 24), values, strict=True)
    ]
    values = [*LIMITS, "n_spells", "n_persons"]
    return protect_estimates(
        _frame(rows, ["district", "horizon_months", *values]),
        name="time_on_support",
        keys=["district", "horizon_months"],
        values=values,
        n_persons="n_persons",
        unit="months",
        **FROM,
    )


def _states(place):
    rows = []
    for month in range(60):
        support, training = 0.15 + 0.4 / (1 + month / 12), 0.05
        shares = {
            "support": support,
            "training": training,
            "studies": 0.2,
            "work": 1 - support - training - 0.2,
        }
        rows += [
            (NAMES[place], state, month, share, share - 0.04, share + 0.04, 100)
            for state, share in shares.items()
        ]
    table = _frame(rows, ["district", "state", "month", *LIMITS, "n_persons"])
    return protect_curve(
        table,
        name=f"states-{place}",
        by=["district", "state"],
        time="month",
        n_persons="n_persons",
        parts="state",
        is_every_month=True,
        unit="share",
        **FROM,
    )


def _effect_status():
    rows = [
        ("Norr", *EFFECT.values(), "estimated", None, 64, 230, 88.4, 0.06, 1000),
        ("Öster & Ön", *EFFECT.values(), "cannot_be_said", "few_starters", 8, 55, None, None, 1000),
        ("Söder", *EFFECT.values(), "cannot_be_said", "few_starters", 1, 5, None, None, 1000),
        ("all", *EFFECT.values(), "estimated", None, 72, 290, 131.7, 0.04, 1000),
    ]
    values = [
        "effect_state",
        "reason",
        "n_starters",
        "n_eligible",
        "effective_sample_size",
        "max_weight",
        "n_draws",
    ]
    table = _frame(rows, [*EFFECT_KEYS, *values])
    return protect_estimates(
        table,
        name="effect_status",
        keys=EFFECT_KEYS,
        values=values,
        n_persons=None,
        unit="persons",
        **FROM,
    )


def _effect_curves():
    rows = []
    for district in ("Norr", "all"):
        for month in range(25):
            treated, comparison = 0.62 * max(0, month - 3) / (month + 5), 0.5 * month / (month + 7)
            for arm, value, margin in (
                ("treated", treated, 0.05),
                ("comparison", comparison, 0.03),
                ("difference", treated - comparison, 0.07),
            ):
                spread = margin * min(1, month / 6)
                rows.append(
                    (
                        district,
                        *EFFECT.values(),
                        "work",
                        arm,
                        month,
                        value,
                        value - spread,
                        value + spread,
                    )
                )
    keys = [*EFFECT_KEYS, "state", "arm", "month"]
    return protect_estimates(
        _frame(rows, [*keys, *LIMITS]),
        name="effect_curves",
        keys=keys,
        values=LIMITS,
        n_persons=None,
        unit="share",
        **FROM,
    )


def _effect_summary(low=-2.2, high=1.1, probability=0.24):
    outcomes = {
        "work_share_at_end": (0.45, 0.39, 0.06, -0.03, 0.15, 0.9),
        "months_work": (6.3, 6.9, -0.6, low, high, probability),
        "months_studies": (3.1, 3.4, -0.3, -1.3, 0.8, 0.3),
        "months_support": (8.2, 12.4, -4.2, -5.9, -2.4, 0.001),
        "months_training": (6.4, 1.3, 5.1, 4.2, 6.0, 0.999),
    }
    rows = [
        (district, *EFFECT.values(), outcome, *values)
        for district in ("Norr", "all")
        for outcome, values in outcomes.items()
    ]
    keys, values = (
        [*EFFECT_KEYS, "outcome"],
        ["treated", "comparison", "difference", "ci_lower", "ci_upper", "probability_positive"],
    )
    return protect_estimates(
        _frame(rows, [*keys, *values]),
        name="effect_summary",
        keys=keys,
        values=values,
        n_persons=None,
        unit="months",
        **FROM,
    )


def _sensitivity():
    conventions = {
        "declared": (-0.6, -2.2, 1.1),
        "leavers_excluded": (0.4, -1.4, 2.0),
        "unweighted_survey": (-0.5, -2.0, 1.0),
        "naive": (-2.9, -4.1, -1.6),
    }
    rows = [("all", "work_training", name, *values) for name, values in conventions.items()]
    keys, values = (
        ["district", "intervention_id", "convention"],
        ["difference", "ci_lower", "ci_upper"],
    )
    return protect_estimates(
        _frame(rows, [*keys, *values]),
        name="effect_sensitivity",
        keys=keys,
        values=values,
        n_persons=None,
        unit="months",
        **FROM,
    )


def _balance():
    rows = [
        ("all", "work_training", name, before, after)
        for name, before, after in (("male", 0.31, 0.02), ("past_work_share", -0.48, -0.06))
    ]
    keys, values = ["district", "intervention_id", "covariate"], ["smd_before", "smd_after"]
    return protect_estimates(
        _frame(rows, [*keys, *values]),
        name="balance",
        keys=keys,
        values=values,
        n_persons=None,
        unit="standard deviations",
        **FROM,
    )


@pytest.fixture(scope="session")
def make_parts():
    """The table value_parts with society's sum and the probability that it is above zero, by
    intervention, and that by either reading.
    """
    return _value_parts


def _value_parts(
    society=((EFFECT["intervention_id"], (-2010.0, -14700.0, 10720.0, 0.38)),),
    purse=(0.0, 0.0, 0.0, 0.0),
    readings=(None, None),
):
    perspectives = {
        "person": (2310.0, -1900.0, 6640.0, 0.86),
        "district": (14500.0, 6200.0, 22800.0, 0.99),
        "public_purse": purse,
    }
    parts = {
        "observed": (-12010.0, -20000.0, -4000.0, 0.01),
        "projected": (10000.0, 2000.0, 18000.0, 0.99),
    }
    about = (1000, 60, 60, 36, "SEK", 2023)
    rows = [
        (district, name, EFFECT["estimand"], perspective, part, *values, *readings, *about)
        for district in ("Norr", "all")
        for name, total in society
        for perspective, own in (perspectives | {"society": total}).items()
        for part, values in (parts | {"total": own}).items()
    ]
    sure = [f"probability_{name}" for name in ("positive", "plain", "second")]
    counts = ["n_draws", "n_effect_draws", "horizon_months", "followed_months"]
    return _estimates(
        "value_parts",
        rows,
        [*EFFECT_KEYS, "perspective", "part"],
        [*LIMITS, *sure, *counts, "currency", "price_year"],
    )


def _value_by_actor():
    actors = {
        ("person", "transfer"): (2310.0, -1900.0, 6640.0),
        ("district", "real_resource"): (-14500.0, -14500.0, -14500.0),
        ("state", "transfer"): (-770.0, -4800.0, 2700.0),
    }
    rows = [
        (d, *EFFECT.values(), a, "place", kind, *values, "SEK")
        for d in ("Norr", "all")
        for (a, kind), values in actors.items()
    ]
    keys, values = [*EFFECT_KEYS, "actor", "posting", "kind"], [*LIMITS, "currency"]
    return protect_estimates(
        _frame(rows, [*keys, *values]),
        name="value_by_actor",
        keys=keys,
        values=values,
        n_persons=None,
        unit="money",
        **FROM,
    )


def _displacement():
    rows = [
        ("Norr", *EFFECT.values(), name, "society", -2010.0 - step, -14700.0, 10720.0, "SEK")
        for step, name in enumerate(("central", "high", "zero"))
    ]
    keys, values = [*EFFECT_KEYS, "displacement", "perspective"], [*LIMITS, "currency"]
    return protect_estimates(
        _frame(rows, [*keys, *values]),
        name="value_displacement",
        keys=keys,
        values=values,
        n_persons=None,
        unit="money",
        **FROM,
    )


def _prices():
    rows = [
        (
            "cost_per_place",
            9800.0,
            7000.0,
            13000.0,
            "per month",
            2023,
            "SEK",
            "made up",
            "L",
            "Cost of a place",
            "Kostnad för en plats",
        ),
        (
            "discount_rate",
            0.03,
            None,
            None,
            "share per year",
            None,
            None,
            "made up",
            "M",
            "Discount rate",
            "Kalkylränta",
        ),
    ]
    values = [
        "value",
        "low",
        "high",
        "unit",
        "price_year",
        "currency",
        "source",
        "value_grade",
        "name_en",
        "name_sv",
    ]
    return protect_estimates(
        _frame(rows, ["price", *values]),
        name="prices",
        keys=["price"],
        values=values,
        n_persons=None,
        unit="as stated",
        **FROM,
    )


def _state_sources():
    known = {"livelihood": 4000, "payment": 640, "exit_reason": 160, "end_reason": 80}
    months = {**known, "unknown": 3120, "all": 8000}
    rows = [(source, 200, n / 8000) for source, n in months.items()]
    values = ["n_persons", "share"]
    return protect_counts(
        _frame(rows, ["source", *values]),
        name="state_sources",
        keys=["source"],
        counts=values,
        n_persons="n_persons",
        spans={"share": 1.0},
        unit="persons, share of months",
        **FROM,
    )


def _intake():
    known = date(2023, 9, 1)
    rows = [
        ("all", "all", 26112, 14, 0, None),
        ("person", "all", 591, 0, 0, None),
        ("livelihood", "end_before_start", None, 14, None, known),
    ]
    values = ["n_delivered", "n_rejected", "n_flagged", "data_through"]
    return protect_counts(
        _frame(rows, ["table", "rule", *values]),
        name="intake",
        keys=["table", "rule"],
        counts=values,
        n_persons=None,
        unit="rows",
        **FROM,
    )


def _estimates(name, rows, keys, values):
    table = _frame(rows, [*keys, *values])
    return protect_estimates(
        table, name=name, keys=keys, values=values, n_persons=None, unit="money", **FROM
    )


@pytest.fixture(scope="session")
def make_payback():
    """The table value_payback with months of return and probabilities that the money comes back, by
    intervention.
    """
    return _payback


def _payback(months=((EFFECT["intervention_id"], 29, 0.99),)):
    rows = [
        (
            district,
            name,
            EFFECT["estimand"],
            "public_purse",
            -21000.0,
            -30000.0,
            -16000.0,
            7,
            month,
            probability,
            60,
            "SEK",
        )
        for district in ("Norr", "all")
        for name, month, probability in months
    ]
    return _estimates(
        "value_payback",
        rows,
        [*EFFECT_KEYS, "perspective"],
        [
            "deepest",
            "deepest_lower",
            "deepest_upper",
            "deepest_month",
            "return_month",
            "probability_returns",
            "horizon_months",
            "currency",
        ],
    )


def _value_over_time():
    effects = [(d, *EFFECT.values()) for d in ("Norr", "all")]
    return (
        _value_parts(),
        _payback(),
        _estimates(
            "value_ratios",
            [
                row
                for e in effects
                for row in (
                    (*e, "mvpf", 1.4, 0.6, 3.1, "ratio", 0.2, "SEK"),
                    (*e, "net_public_cost_per_work_month", None, None, None, "no_gain", 0.1, "SEK"),
                    (*e, "programme_cost_per_work_month", 16200.0, None, None, "ratio", 0.1, "SEK"),
                )
            ],
            [*EFFECT_KEYS, "measure"],
            [*LIMITS, "case", "probability", "currency"],
        ),
        _estimates(
            "value_tornado",
            [
                (
                    *e,
                    "society",
                    "cost_per_place",
                    16000.0,
                    8000.0,
                    29000.0,
                    30000.0,
                    9000.0,
                    49700.0,
                    21000.0,
                    "SEK",
                )
                for e in effects
            ],
            [*EFFECT_KEYS, "perspective", "parameter"],
            [
                "value",
                "low",
                "high",
                "value_at_low",
                "value_at_high",
                "switching_value",
                "swing",
                "currency",
            ],
        ),
        _estimates(
            "value_purse",
            [
                (
                    *e,
                    "district",
                    12000.0,
                    -2000.0,
                    23000.0,
                    0.3,
                    16000.0,
                    4700.0,
                    -4000.0,
                    7300.0,
                    "SEK",
                )
                for e in effects
            ],
            [*EFFECT_KEYS, "actor"],
            [
                *LIMITS,
                "gain_share",
                "paid_now",
                "paid_proposed",
                "net_now",
                "net_proposed",
                "currency",
            ],
        ),
        _estimates(
            "value_municipality",
            [(*e, "equalised", -5000.0, -8000.0, -1900.0, 0.0, "SEK") for e in effects],
            [*EFFECT_KEYS, "measure"],
            [*LIMITS, "probability_positive", "currency"],
        ),
    )


def _allocation():
    plans = [
        ("now", 61e6, None, 800.0, 12e6, None),
        ("own_places", 70e6, 31e6, 820.0, 12e6, 0.0),
        ("shared_places", 74e6, 33e6, 840.0, 12e6, 0.0),
    ]
    returns = [(0.0, 74e6, 33e6, 0.0, None, 840.0, 0.0), (2e6, 81e6, 36e6, 7e6, 3.5, 960.0, 0.0)]
    return (
        _estimates(
            "allocation_plans",
            [(*row, 36, "SEK") for row in plans],
            ["plan"],
            ["value", "downside", "n_starts", "cost", "gap", "n_months_counted", "currency"],
        ),
        _estimates(
            "allocation_returns",
            [(*row, "SEK") for row in returns],
            ["free_budget"],
            ["value", "downside", "added_value", "per_krona", "n_starts", "gap", "currency"],
        ),
    )
