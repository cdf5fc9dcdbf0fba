"""Trials from one long table: the same as from the line's four tables, and what it refuses."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit import effects
from evalkit.errors import EstimationError, EvalkitError, ProtocolError
from evalkit.months import add_months

LETTERS = {"s": "support", "w": "work", "t": "training", "e": "studies"}
N_MONTHS = 20
COLUMNS = {"id": "who", "month": "month", "state": "lives on", "intervention": "in training"}
PROTOCOL = effects.Protocol(
    "course",
    follow_up_months=6,
    leavers_in_month_one="stay",
    covariates=[
        {"name": "months_on_support", "kind": "elapsed"},
        {"name": "season", "kind": "season", "starts": [1, 7]},
        {"name": "past_work", "kind": "history_share", "outcome": "work"},
        {"name": "age", "kind": "person", "column": "age"},
    ],
    refusal={"min_starters": 5, "min_share_unassigned": None},
)


def _lives(n_people: int, seed: int) -> dict[str, str]:
    """Lives of letters in which states last a while and support is usual."""
    rng = np.random.default_rng(seed)
    lives = {}
    for number in range(n_people):
        months: list[str] = []
        while len(months) < N_MONTHS:
            months += [rng.choice(list("ssswte"))] * int(rng.integers(1, 7))
        lives[f"p{number:04d}" + "x" * (number % 5)] = "".join(months[:N_MONTHS])
    return lives


def _long(lives: dict[str, str], first: date) -> pl.DataFrame:
    rows = [
        (name, add_months(first, month), LETTERS[letter], letter == "t", 20.0 + len(name))
        for name, life in lives.items()
        for month, letter in enumerate(life)
    ]
    names = ["who", "month", "lives on", "in training", "age"]
    return pl.DataFrame(rows, schema=names, orient="row").sample(fraction=1, shuffle=True, seed=1)


@pytest.fixture(scope="module")
def long(world):
    return _long(_lives(300, 1), world.first_month)


@pytest.fixture(scope="module")
def from_tables(world):
    tables = world.tables(_lives(300, 1))
    declared = PROTOCOL.declared(n_months=N_MONTHS, occurring=list(LETTERS.values()))
    return effects.trials_of_tables(
        tables["spells"].with_columns(district=pl.lit("all")),
        tables["episodes"],
        protocol=declared,
        state_intervals=tables["state_intervals"],
        person=tables["person"],
        first_month=world.first_month,
    )


def _same(one: effects.Trials, other: effects.Trials) -> bool:
    return (
        one.rows.equals(other.rows)
        and one.terms == other.terms
        and np.array_equal(one.design, other.design)
        and np.array_equal(one.outcomes, other.outcomes)
        and one.states == other.states
        and one.required_waiting.rows.equals(other.required_waiting.rows)
        and np.array_equal(one.required_waiting.design, other.required_waiting.design)
    )


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "arrow"])
def test_a_long_table_gives_the_trials_of_the_four_tables(long, from_tables, kind):
    table = {
        "polars": long,
        "lazy": long.lazy(),
        "pandas": long.to_pandas(),
        "arrow": long.to_arrow(),
    }[kind]

    trials = effects.emulate_trials(table, **COLUMNS, protocol=PROTOCOL)

    assert _same(trials, from_tables)


def test_months_may_be_numbers_and_words_of_another_language(world, long, from_tables):
    words = {"support": "bistånd", "work": "arbete", "studies": "studier", "training": "kurs"}
    told = long.with_columns(
        pl.col("lives on").replace(words),
        pl.when("in training").then(pl.lit("course")).alias("in training"),
        month=(pl.col("month").dt.year() - 2020) * 12 + pl.col("month").dt.month() + 100,
    )
    without_season = [one for one in PROTOCOL.rules["covariates"] if one["kind"] != "season"]
    protocol = effects.Protocol(
        "course", follow_up_months=6, **{**PROTOCOL.rules, "covariates": without_season}
    )

    trials = effects.emulate_trials(
        told,
        **COLUMNS,
        protocol=protocol,
        states={word: state for state, word in words.items()},
    )

    assert trials.rows.equals(from_tables.rows)
    assert np.array_equal(trials.outcomes, from_tables.outcomes)


def test_an_effect_is_what_a_run_says_of_the_same_trials(long, from_tables):
    trials = effects.emulate_trials(long, **COLUMNS, protocol=PROTOCOL)
    propensity = effects.fit_models(from_tables, n_draws=20, seed=5)
    parts = effects.estimate_effect(
        from_tables, district="all", propensity=propensity, n_draws=20, seed=5
    )

    effect = effects.estimate(trials, n_draws=20, seed=5)

    assert effect.draws.equals(effects.effect_draws(parts.sums))
    assert effect.status.equals(parts.status)
    assert effect.headline.startswith("course: ")
    assert effect.table["estimand"][0] == "start_now_rather_than_wait"
    assert "Not for release" in effect.plot(title="Work").chart.to_json()


def test_what_cannot_be_said_is_neither_told_nor_drawn(long):
    strict = effects.Protocol(
        "course", follow_up_months=6, leavers_in_month_one="stay", refusal={"min_starters": 5000}
    )

    effect = effects.estimate(
        effects.emulate_trials(long, **COLUMNS, protocol=strict), n_draws=5, seed=5
    )

    assert effect.headline.endswith("cannot be said (few starters)")
    assert effect.table.is_empty() and "few starters" in effect._repr_html_()
    with pytest.raises(EstimationError, match=r"(?s)no effect to draw.*few starters"):
        effect.plot()


def test_covariates_are_those_of_the_month_before(world):
    lives = {"a": "ssss", "b": "stss"}
    long = _long(lives, world.first_month).with_columns(
        income=pl.col("month").dt.month().cast(pl.Float64) * pl.col("age"),
        home=pl.when(pl.col("month").dt.month() == 2).then(pl.lit("B")).otherwise(pl.lit("A")),
    )

    trials = effects.emulate_trials(
        long,
        **COLUMNS,
        protocol=effects.Protocol("course", follow_up_months=1, comparisons=["wait"]),
        covariates=["income", "home"],
    )

    assert trials.terms == ("constant", "income", "home: B")
    months = trials.rows["trial_month"].to_numpy() - 1
    np.testing.assert_array_equal(trials.design[:, 1], months * 21.0)
    np.testing.assert_array_equal(trials.design[:, 2], months == 2)


def test_a_formula_may_bend_and_cross_covariates(long):
    trials = effects.emulate_trials(
        long.rename({"age": "years lived"}),
        **COLUMNS,
        protocol=effects.Protocol("course", follow_up_months=6, leavers_in_month_one="stay"),
        covariates="bs(`years lived`, df=3)",
    )

    assert len(trials.terms) == 4 + 3


def test_who_has_no_row_yet_is_unknown_and_a_first_spell_may_have_a_known_start(world):
    long = _long({"a": "sssss", "b": "ssss"}, world.first_month)
    later = long.filter(
        (pl.col("who") != "b") | (pl.col("month") > world.first_month)
    ).with_columns(before=pl.when(pl.col("who") == "a").then(7))

    trials = effects.emulate_trials(
        later,
        **COLUMNS,
        protocol=effects.Protocol("course", follow_up_months=1, comparisons=["wait"]),
    )
    told = effects.emulate_trials(
        later,
        **COLUMNS,
        elapsed="before",
        protocol=effects.Protocol("course", follow_up_months=1, comparisons=["wait"]),
    )

    assert "unknown" in trials.states
    assert trials.rows.select("person_id", "trial_month", "elapsed_months").rows() == [
        *[("a", month, None) for month in (2, 3, 4, 5)],
        *[("b", month, month - 2) for month in (3, 4)],
    ]
    assert told.rows["elapsed_months"].to_list() == [8, 9, 10, 11, None, None]


REFUSED = {
    "a misspelt column": (
        lambda t: t.rename({"lives on": "lives_on"}),
        {},
        'columns lives on.*did you mean "lives_on"',
    ),
    "numpy": (lambda t: t.to_numpy(), {}, "not a table.*numpy.ndarray"),
    "a person's month twice": (
        lambda t: pl.concat([t, t.head(3)]),
        {},
        '^3 rows repeat a person.s month.*columns "who" and "month"',
    ),
    "a gap": (
        lambda t: t.filter(pl.col("month") != date(2020, 5, 1)),
        {},
        '^300 rows follow a gap.*columns "who" and "month"',
    ),
    "missing states": (
        lambda t: t.with_columns(pl.when(pl.col("age") > 26).then("lives on")),
        {},
        'values are missing.*column "lives on": \\d+ rows.*"unknown"',
    ),
    "text for months": (
        lambda t: t.with_columns(pl.col("month").cast(pl.String)),
        {},
        'neither dates nor whole numbers.*column "month"',
    ),
    "words for states": (
        lambda t: t.with_columns(pl.col("lives on").replace({"work": "job", "studies": "uni"})),
        {},
        'rows are in 2 states that are not known.*column "lives on".*states=',
    ),
    "a word for no intervention": (
        lambda t: t.with_columns(
            pl.when("in training")
            .then(pl.lit("course"))
            .otherwise(pl.lit("none"))
            .alias("in training")
        ),
        {},
        'looks like the word for none.*column "in training".*missing value',
    ),
    "another intervention": (
        lambda t: t.with_columns(
            pl.when("in training").then(pl.lit("courses")).alias("in training")
        ),
        {},
        'course \\(did you mean "courses"',
    ),
    "codes for truth": (
        lambda t: t.with_columns(pl.col("in training").cast(pl.Int8) + 1),
        {},
        'not true and false.*column "in training"',
    ),
    "what changes within a person": (
        lambda t: t.with_columns(place=pl.col("lives on")),
        {"district": "place"},
        'changes over time.*column "place": \\d+ persons',
    ),
    "a misspelt covariate": (
        lambda t: t,
        {"covariates": ["agee"]},
        'columns agee.*did you mean "age"',
    ),
    "a missing covariate": (
        lambda t: t.with_columns(pl.when(pl.col("age") > 26).then("age").alias("income")),
        {"covariates": ["income"]},
        'cannot be used.*column "income": missing in \\d+ rows',
    ),
    "a covariate that the protocol has": (
        lambda t: t,
        {"covariates": ["age"]},
        "1 covariate is named twice.*terms age; protocol course",
    ),
    "a constant covariate": (
        lambda t: t.with_columns(one=pl.lit(1)),
        {"covariates": ["one"]},
        "the same for everybody.*terms one",
    ),
    "collinear covariates": (
        lambda t: t.with_columns(years=pl.col("age"), both=2 * pl.col("age") + 1),
        {"covariates": ["years", "both"]},
        "do not tell their effects apart.*terms years, both",
    ),
    "a state that is not followed": (
        lambda t: t,
        {
            "protocol": effects.Protocol(
                "course", follow_up_months=6, outcomes=["work", "studies", "support"]
            )
        },
        "1 state occurs that the protocol does not follow.*states: training",
    ),
    "too few months": (
        lambda t: t,
        {"protocol": effects.Protocol("course", follow_up_months=20)},
        "too short for a trial.*20 months",
    ),
    "season without a calendar": (
        lambda t: t.with_columns(pl.col("month").dt.month() + 12 * pl.col("month").dt.year()),
        {},
        'no calendar.*column "month"',
    ),
    "nobody": (lambda t: t.head(0), {}, "There are no person-months"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_in_four_lines(long, case):
    made, changes, words = REFUSED[case]

    with pytest.raises(EvalkitError, match=f"(?sm){words}") as caught:
        effects.emulate_trials(made(long), **{**COLUMNS, "protocol": PROTOCOL, **changes})

    lines = str(caught.value).splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == ["where", "why", "fix"]


@pytest.mark.parametrize(("letter", "what"), [("t", "No one starts"), ("w", "Nobody is eligible")])
def test_an_empty_arm_is_refused(long, letter, what):
    state = LETTERS[letter]
    left = (
        long.with_columns(pl.lit(False).alias("in training"))
        if letter == "t"
        else long.with_columns(pl.lit(state).alias("lives on"))
    )

    with pytest.raises((EstimationError, ProtocolError), match=what):
        effects.estimate(effects.emulate_trials(left, **COLUMNS, protocol=PROTOCOL))


def test_a_covariate_that_separates_those_who_start_is_named(long):
    following = pl.col("in training").shift(-1).over("who", order_by="month").fill_null(False)
    told = long.with_columns(knows=following & ~pl.col("in training"))
    trials = effects.emulate_trials(told, **COLUMNS, protocol=PROTOCOL, covariates=["knows"])

    with pytest.raises(EstimationError, match=r"(?s)does not settle.*term knows"):
        effects.estimate(trials, n_draws=2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"compared": ["wait"]}, 'unknown key "compared"'),
        ({"comparisons": ["wiat"]}, '"comparisons.0"'),
        ({"primary_outcome": "job"}, "the primary outcome must be"),
        ({"from_month": 1}, '"eligibility.from_month"'),
    ],
)
def test_a_protocol_in_python_is_refused_where_it_is_written(changes, words):
    with pytest.raises(EvalkitError, match=words):
        effects.Protocol("course", **{"follow_up_months": 6, **changes})
