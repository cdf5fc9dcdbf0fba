"""Made-up tables that have passed disclosure control, one for each family of charts, and words in
both languages.
"""

from itertools import product
from math import exp

import polars as pl
import pytest

from evalkit.charts.register import CHARTS
from evalkit.disclosure import protect_curve, protect_estimates
from evalkit.line.columns import COLUMNS
from evalkit.line.published import PUBLISHED
from evalkit.words import Words, words

PROVENANCE = {"source": "made up for this test", "grade": "L"}
# So many that what is drawn is what was made up, as nearly as a picture shows it.
MANY = 10_000
DISTRICTS = ("Belfast", "N.Eastern", "S.Eastern", "Southern", "Western")
EFFECT = {"intervention_id": "training", "estimand": "start_now_rather_than_wait"}


class AskedWords(Words):
    """The words of a language that remember the keys that they were asked for."""

    asked: set[str]

    def text(self, key: str, **values: object) -> str:
        self.asked.add(key)
        return super().text(key, **values)

    def about(self, outcome: str, **others: str) -> "AskedWords":
        return _asked(super().about(outcome, **others), self.asked)


def _asked(given: Words, asked: set[str]) -> AskedWords:
    made = AskedWords(given.language, given.entries, given.outcome)
    object.__setattr__(made, "asked", asked)
    return made


def estimates(rows, name, keys, values):
    table = pl.DataFrame(rows, infer_schema_length=None).with_columns(n=pl.lit(MANY))
    return protect_estimates(
        table, name=name, keys=keys, values=values, n_persons="n", unit="share", **PROVENANCE
    )


def table_as_declared(name: str, **key_values: list):
    """A published table made from its declaration: every combination of two values of each key, or
    of the ones given.
    """
    table = PUBLISHED[name]
    of_form = {"count": [1, 2], "months": [1, 2], "flag": [True, False]}
    choices = {
        key: key_values.get(key)
        or _KEY_VALUES.get(key)
        or of_form.get(COLUMNS[key].form, ["a", "b"])
        for key in table.keys
    }
    value_of = {"word": "a", "name": "a", "text": "A sentence.", "flag": True, "date": None}
    values = {
        value: _LIMITS.get(value, value_of.get(COLUMNS[value].form, 0.5)) for value in table.values
    }
    rows = [dict(zip(choices, keys, strict=True)) | values for keys in product(*choices.values())]
    return estimates(rows, name, list(table.keys), list(table.values))


_KEY_VALUES = {
    "district": ["all"],
    "intervention_id": [EFFECT["intervention_id"]],
    "estimand": [EFFECT["estimand"]],
    "state": ["work", "support"],
    "perspective": ["district", "society"],
    "actor": ["person", "state"],
}
_LIMITS = {"ci_lower": -0.5, "ci_upper": 1.5, "currency": "GBP"}


def _curve_columns(*by: str) -> list[str]:
    return ["district", *by, "month", "estimate", "ci_lower", "ci_upper"]


def _curves(rows, family, by, **options):
    """Curves of one district that have passed disclosure control."""
    name = f"{family}-{rows['district'][0].lower()}"
    named = {"name": name, "time": "month", "n_persons": "n_persons", "unit": "share"}
    return protect_curve(rows, by=by, **named, **options, **PROVENANCE)


def exit_curve_table(district: str = "Belfast"):
    rows, left = [], 200
    totals = {"work": 0, "studies": 0, "training": 0}
    for month in range(25):
        at_risk = left
        for exit_, size, speed in (
            ("work", 80, 0.10),
            ("studies", 50, 0.2),
            ("training", 26, 0.05),
        ):
            total = round(size * (1 - exp(-speed * month)))
            events, totals[exit_] = total - totals[exit_], total
            left -= events
            share = total / 200
            margin = 1.96 * (share * (1 - share) / 200) ** 0.5
            rows.append((district, exit_, month, share, share - margin, share + margin, at_risk))
    curve = pl.DataFrame(rows, schema=[*_curve_columns("exit"), "n_at_risk"], orient="row")
    return _curves(
        curve.with_columns(n_persons=pl.lit(200)), "exit_curves", ["district", "exit"], parts="exit"
    )


def states_table(district: str = "Belfast", n: int = 140):
    rows = []
    for month in range(73):
        support, training = (
            round(n * (0.05 + 0.5 * exp(-month / 15))),
            round(n * 0.04 * (1 + (20 < month < 50))),
        )
        studies = round(n * 0.35 * exp(-month / 40))
        counts = {
            "support": support,
            "training": training,
            "studies": studies,
            "work": n - support - training - studies,
        }
        rows += [
            (district, state, month, share, share - margin, share + margin)
            for state, count in counts.items()
            for share in [count / n]
            for margin in [1.96 * (share * (1 - share) / n) ** 0.5]
        ]
    table = pl.DataFrame(rows, schema=_curve_columns("state"), orient="row")
    return _curves(
        table.with_columns(n_persons=pl.lit(n)),
        "states",
        ["district", "state"],
        parts="state",
        is_every_month=True,
    )


def exit_rates_table(district: str = "Belfast"):
    rates = [(1, 3, 0.11, 0.08, 0.15), (4, 6, 0.08, 0.05, 0.12), (13, 24, 0.03, 0.01, 0.06)]
    names = ("first_month", "last_month", "estimate", "ci_lower", "ci_upper")
    rows = [{"district": district, **dict(zip(names, rate, strict=True))} for rate in rates]
    return estimates(
        rows,
        f"exit_rates-{district.lower()}",
        ["district", "last_month"],
        ["first_month", "estimate", "ci_lower", "ci_upper"],
    )


def group_curves_table(
    district: str = "Belfast", groups=(("sex", "female", 0.05), ("sex", "male", 0.08))
):
    ages = [("age", "–24", 0.09), ("age", "25–34", 0.06), ("age", "35–", 0.03)]
    rows = [
        (district, characteristic, group, month, share, share * 0.9, min(1.0, share * 1.1))
        for characteristic, group, speed in (*groups, *ages)
        for month in range(25)
        for share in [exp(-speed * month)]
    ]
    columns = _curve_columns("characteristic", "group")
    curves = pl.DataFrame(rows, schema=columns, orient="row").with_columns(n_persons=pl.lit(100))
    return _curves(curves, "group_curves", ["district", "characteristic", "group"])


def effect_curve_table(interventions=("training",), districts=("all",)):
    rows = []
    for month in range(25):
        treated = 0.52 * (1 - exp(-max(month - 3, 0) / 8))
        comparison = 0.42 * (1 - exp(-month / 7))
        for arm, value, margin in (
            ("treated", treated, 0.10),
            ("comparison", comparison, 0.03),
            ("difference", treated - comparison, 0.11),
        ):
            spread = margin * min(1, month / 6)
            low = value - spread if arm == "difference" else max(value - spread, 0.0)
            rows.append(
                {
                    "state": "work",
                    "arm": arm,
                    "month": month,
                    "estimate": value,
                    "ci_lower": low,
                    "ci_upper": value + spread,
                }
            )
    keys = ["district", "intervention_id", "estimand", "state", "arm", "month"]
    every = [
        {"district": d, **EFFECT, "intervention_id": i, **row}
        for d in districts
        for i in interventions
        for row in rows
    ]
    return estimates(every, "effect_curves", keys, ["estimate", "ci_lower", "ci_upper"])


def effect_summary_table(district: str = "all"):
    months = {
        "months_work": (1.3, -0.9, 3.4),
        "months_studies": (-0.4, -1.5, 0.8),
        "months_training": (4.1, 3.2, 5.0),
        "months_support": (-5.0, -6.9, -3.0),
    }
    rows = [
        {
            "district": district,
            **EFFECT,
            "outcome": outcome,
            "treated": 8.0,
            "comparison": 8.0 - d,
            "difference": d,
            "ci_lower": low,
            "ci_upper": high,
        }
        for outcome, (d, low, high) in months.items()
    ]
    return estimates(
        rows,
        "effect_summary",
        ["district", "intervention_id", "estimand", "outcome"],
        ["treated", "comparison", "difference", "ci_lower", "ci_upper"],
    )


def balance_table(district: str = "all"):
    smd = {
        "jobless_months": (0.62, 0.04),
        "male": (0.21, 0.01),
        "catholic": (-0.15, -0.03),
        "grammar": (-0.48, -0.06),
        "past_work_share": (-0.33, 0.12),
    }
    rows = [
        {"district": district, **EFFECT, "covariate": c, "smd_before": before, "smd_after": after}
        for c, (before, after) in smd.items()
    ]
    return estimates(
        rows,
        "balance",
        ["district", "intervention_id", "estimand", "covariate"],
        ["smd_before", "smd_after"],
    )


def value_parts_table(district: str = "all"):
    values = {
        "person": (310, -950, 1640, 0.67),
        "district": (1450, 620, 2280, 0.99),
        "public_purse": (-2320, -3900, -700, 0.01),
        "society": (-2010, -4700, 720, 0.08),
    }
    rows = [
        {
            "district": district,
            **EFFECT,
            "perspective": p,
            "part": part,
            "estimate": float(e) + shift,
            "ci_lower": float(low) + shift,
            "ci_upper": float(high) + shift,
            "probability_positive": pr,
            "horizon_months": 60,
            "currency": "GBP",
            "price_year": 1999,
        }
        for p, (e, low, high, pr) in values.items()
        for part, shift in (("observed", -7000.0), ("total", 0.0))
    ]
    return estimates(
        rows,
        "value_parts",
        ["district", "intervention_id", "estimand", "perspective", "part"],
        [
            "estimate",
            "ci_lower",
            "ci_upper",
            "probability_positive",
            "horizon_months",
            "currency",
            "price_year",
        ],
    )


def value_by_actor_table(district: str = "all", posting: str = "all"):
    values = {
        "person": (310, -950, 1640),
        "district": (1450, 620, 2280),
        "state": (-3770, -4800, -2700),
        "employer": (40, -120, 210),
        "public_employment_service": (-260, -260, -260),
    }
    rows = [
        {
            "district": district,
            **EFFECT,
            "actor": a,
            "posting": posting,
            "kind": "all",
            "estimate": float(e),
            "ci_lower": float(low),
            "ci_upper": float(high),
            "currency": "GBP",
        }
        for a, (e, low, high) in values.items()
    ]
    return estimates(
        rows,
        "value_by_actor",
        ["district", "intervention_id", "estimand", "actor", "posting", "kind"],
        ["estimate", "ci_lower", "ci_upper", "currency"],
    )


def time_on_support_table():
    means = {
        "all": 9.8,
        "Western": 11.9,
        "Belfast": 9.1,
        "Southern": 12.2,
        "N.Eastern": 8.7,
        "S.Eastern": 8.9,
    }
    rows = [
        {
            "district": d,
            "horizon_months": h,
            "estimate": m * h / 24,
            "ci_lower": m * h / 24 - margin,
            "ci_upper": m * h / 24 + margin,
        }
        for d, m in means.items()
        for h in (12, 24)
        for margin in ((0.5,) if d == "all" else (1.4,))
    ]
    return estimates(
        rows,
        "time_on_support",
        ["district", "horizon_months"],
        ["estimate", "ci_lower", "ci_upper"],
    )


def effect_readings_table(district: str = "all"):
    readings = {
        "share_ended": (0.71, 0.6, 0.8),
        "share_in_work": (0.3, 0.2, 0.4),
        "comparison_in_work": (0.28, 0.25, 0.31),
        "corrected": (0.02, -0.08, 0.12),
    }
    rows = [
        {
            "district": district,
            **EFFECT,
            "reading": name,
            "estimate": e,
            "ci_lower": low,
            "ci_upper": high,
        }
        for name, (e, low, high) in readings.items()
    ]
    return estimates(
        rows,
        "effect_readings",
        ["district", "intervention_id", "estimand", "reading"],
        ["estimate", "ci_lower", "ci_upper"],
    )


def access_funnel_table():
    values = ["n_persons", "adjusted", "overdispersion", "verdict"]
    rows = funnel_table().data.select("district", *values).to_dicts()
    return estimates(rows, "access_funnel", ["district"], values)


def funnel_table():
    shares = {
        "Belfast": (300, 0.42, "inside"),
        "Western": (120, 0.55, "outside_95"),
        "Southern": (60, 0.36, "inside"),
        "all": (480, 0.44, None),
    }
    rows = [
        {
            "district": d,
            "intervention_id": "training",
            "n_persons": n,
            "adjusted": share,
            "overdispersion": 1.2,
            "verdict": verdict,
        }
        for d, (n, share, verdict) in shares.items()
    ]
    return estimates(
        rows,
        "funnel",
        ["district", "intervention_id"],
        ["n_persons", "adjusted", "overdispersion", "verdict"],
    )


def district_ranks_table():
    rows = [
        {
            "district": d,
            **EFFECT,
            "shrunk": e,
            "shrunk_lower": e - 1,
            "shrunk_upper": e + 1,
            "rank_lower": 1.0,
            "rank_upper": 3.0,
            "probability_best": share,
            "n_districts": 3,
        }
        for d, e, share in (("Belfast", 1.2, 0.5), ("Southern", 0.4, 0.2), ("Western", 0.9, 0.3))
    ]
    # Too few there are like the city's people: an effect of its own starters, no rank.
    rows.append(
        {
            **rows[0],
            "district": "N.Eastern",
            **dict.fromkeys(("rank_lower", "rank_upper", "probability_best")),
        }
    )
    values = [
        "shrunk",
        "shrunk_lower",
        "shrunk_upper",
        "rank_lower",
        "rank_upper",
        "probability_best",
        "n_districts",
    ]
    return estimates(rows, "district_ranks", ["district", "intervention_id", "estimand"], values)


def overlap_table(district: str = "all"):
    rows = [
        {
            "district": district,
            "intervention_id": "training",
            "bin": place,
            "share_treated": 0.1,
            "share_comparison": 0.18 - 0.02 * (place - 1),
            "share_comparison_weighted": 0.1 + 0.002 * (place - 5),
        }
        for place in range(1, 11)
    ]
    return estimates(
        rows,
        "overlap",
        ["district", "intervention_id", "bin"],
        ["share_treated", "share_comparison", "share_comparison_weighted"],
    )


def value_curve_table(district: str = "all"):
    """Laid out at the start, back after two years, but not for the municipality."""
    slopes = {"municipality": 200.0, "public_purse": 900.0, "society": 1100.0, "person": 300.0}
    rows = [
        {
            "district": district,
            **EFFECT,
            "perspective": name,
            "month": month,
            "estimate": -16000.0 + slope * month,
            "ci_lower": -19000.0 + slope * month * 0.7,
            "ci_upper": -12000.0 + slope * month * 1.3,
            "currency": "GBP",
        }
        for name, slope in slopes.items()
        for month in range(37)
    ]
    keys = ["district", "intervention_id", "estimand", "perspective", "month"]
    return estimates(rows, "value_curve", keys, ["estimate", "ci_lower", "ci_upper", "currency"])


def value_tornado_table(district: str = "all"):
    ends = [
        ("wage", 2000.0, 9000.0, 7000.0),
        ("effect", -6000.0, 14000.0, 20000.0),
        ("discount_rate", 5200.0, 4100.0, 1100.0),
    ]
    names = ("parameter", "value_at_low", "value_at_high", "swing")
    rows = [
        {
            **{"district": district, **EFFECT, "perspective": "society", "currency": "GBP"},
            **dict(zip(names, row, strict=True)),
        }
        for row in ends
    ]
    return estimates(
        rows,
        "value_tornado",
        ["district", "intervention_id", "estimand", "perspective", "parameter"],
        [*names[1:], "currency"],
    )


def prices_table():
    names = {
        "wage": ("Gross wage", "Bruttolön"),
        "discount_rate": ("Discount rate", "Diskonteringsränta"),
    }
    rows = [
        {"price": key, "name_en": english, "name_sv": swedish}
        for key, (english, swedish) in names.items()
    ]
    return estimates(rows, "prices", ["price"], ["name_en", "name_sv"])


def value_acceptability_table(district: str = "all"):
    """Doing nothing is best while a month in work is worth little."""
    rows = [
        {
            "district": district,
            "estimand": EFFECT["estimand"],
            "threshold": 5000.0 * step,
            "option": option,
            "probability": share if option == "training" else 1 - share,
            "is_on_frontier": (share > 0.5) == (option == "training"),
            "currency": "GBP",
        }
        for step, share in enumerate((0.1, 0.3, 0.6, 0.8, 0.9))
        for option in ("none", "training")
    ]
    keys = ["district", "estimand", "threshold", "option"]
    return estimates(
        rows, "value_acceptability", keys, ["probability", "is_on_frontier", "currency"]
    )


@pytest.fixture
def english() -> AskedWords:
    return _asked(words("en"), set())


@pytest.fixture
def swedish() -> AskedWords:
    return _asked(words("sv"), set())


@pytest.fixture(scope="module")
def made_tables() -> dict:
    """Everything a district's page and the overview can be drawn from: the district's own curves,
    the city's effects.
    """
    made = [
        exit_curve_table(),
        states_table(),
        exit_rates_table(),
        group_curves_table(),
        effect_curve_table(),
        effect_summary_table(),
        balance_table(),
        value_parts_table(),
        value_by_actor_table(),
        value_curve_table(),
        value_tornado_table(),
        value_acceptability_table(),
        prices_table(),
        time_on_support_table(),
        effect_readings_table(),
        funnel_table(),
        access_funnel_table(),
        district_ranks_table(),
        overlap_table(),
    ]
    families = {table.name.partition("-")[0] for table in made}
    declared = {chart.of for chart in CHARTS.values()} - families
    made += [table_as_declared(name) for name in sorted(declared)]
    return {table.name: table for table in made}


@pytest.fixture(scope="module")
def module_words() -> dict:
    return {language: _asked(words(language), set()) for language in ("sv", "en")}


@pytest.fixture
def effect_table():
    return effect_curve_table


@pytest.fixture
def make():
    """The makers of made-up tables, by the name of the chart."""
    return {
        "exit_curves": exit_curve_table,
        "states": states_table,
        "effect_months": effect_summary_table,
        "value_by_actor": value_by_actor_table,
        "value_summary": value_parts_table,
        "value_curve": value_curve_table,
        "value_tornado": value_tornado_table,
        "prices": prices_table,
        "value_acceptability": value_acceptability_table,
        "district_comparison": time_on_support_table,
        "naive_and_corrected": effect_readings_table,
        "funnel": funnel_table,
        "access_funnel": access_funnel_table,
        "district_ranks": district_ranks_table,
        "overlap": overlap_table,
    }
