"""The second reading of an effect: by hand, against models of another library, and what must leave
it unmoved.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from evalkit.effects import contrast, second_reading, trials_of_tables, two_readings

EXACT = 1e-9
N_CITIES, N_ERRORS = 40, 4
WORK = [{"name": "past_work", "kind": "history_share", "outcome": "work"}]
AGE = [{"name": "age", "kind": "person", "column": "age"}]
# Two months of work count for two: a window as long as the follow-up.
DECLARED = {
    "eligibility": {"from_month": 4, "to_month": 4},
    "second_reading": {"window_months": 2},
}
# One letter a month: e studies, w work, s support, t the course; month 3 is on support.
LIVES = {"a": "wwstw", "b": "ewstt", "c": "eesww", "d": "wesss", "e": "sssss"}


def test_two_readings_by_hand(world):
    """Of a and b, who start, and c and d the windows are on record; e's period began before the
    extract. After: 1, 0 | 2, 0, 0. Before: 2, 1 | 0, 1.
    """
    found = two_readings(world.trials(LIVES, **DECLARED))

    assert found.plain == pytest.approx(0.5 - 2 / 3, abs=EXACT)
    # Of those on record: before 1.5 against 0.5, which is what the second reading takes away.
    assert found.shift == pytest.approx(-1.0, abs=EXACT)
    assert (found.n_starters, found.n_past_known, found.n_with_past) == (2, 2, 2)
    row = found.table.row(0, named=True)
    assert row["span_lower"] == min(row["plain_lower"], row["second_lower"])
    assert row["span_upper"] == max(row["plain_upper"], row["second_upper"])


def test_a_month_of_the_window_stands_for_as_many_as_the_scale_says(world):
    declared = DECLARED | {"second_reading": {"window_months": 2, "scale": 0.25}}

    assert two_readings(world.trials(LIVES, **declared)).shift == pytest.approx(-0.25, abs=EXACT)


@pytest.mark.parametrize(
    ("lives", "changes"),
    [
        # Everybody's period began before the extract.
        ({"a": "ssstw", "b": "sssww"}, {}),
        # Nobody worked before.
        ({"a": "eestw", "b": "eesww"}, {}),
        # One of three who start did, and half of them are asked for.
        (
            {"a": "wwstw", "b": "eestt", "c": "eestt", "d": "eesww"},
            {"second_reading": {"window_months": 2, "min_share_with_past": 0.5}},
        ),
        # A window that begins before the extract does.
        (LIVES, {"second_reading": {"window_months": 3}}),
        # Nobody of the comparison has a window on record.
        ({"a": "wwstw", "b": "sssww"}, {}),
    ],
)
def test_the_past_shows_nothing(world, lives, changes):
    trials = world.trials(lives, **DECLARED | changes)

    found, by_draw = two_readings(trials), second_reading(trials, n_draws=3, seed=1)

    assert (found.verdict, found.second) == ("past_shows_nothing", None)
    assert found.table["span_lower"].item() == found.table["plain_lower"].item()
    assert by_draw.second_shifts.is_empty()
    assert set(by_draw.second_past["verdict"]) == {"past_shows_nothing"}


def test_a_window_of_months_that_nobody_knows_is_not_on_record(world):
    tables = world.tables(LIVES)
    unknown = (pl.col("person_id") == "a") & (pl.col("start_month") == 0)
    state = pl.when(unknown).then(pl.lit("unknown")).otherwise("from_state")
    intervals = tables["state_intervals"].with_columns(from_state=state)
    declared = {"person": tables["person"], "first_month": world.first_month}

    found = two_readings(
        trials_of_tables(
            tables["spells"],
            tables["episodes"],
            protocol=world.protocol(**DECLARED),
            state_intervals=intervals,
            **declared,
        )
    )

    assert (found.n_starters, found.n_past_known) == (2, 1)


def _city(world, n: int, seed: int, *, covariates=WORK + AGE, **changes):
    """Work before the period and after it, and the start, go with a trait; age goes with the start
    and with work.
    """
    rng = np.random.default_rng(seed)
    trait, age = rng.normal(size=(2, n))
    starts = rng.random(n) < 1 / (1 + np.exp(1 - 0.8 * trait - 0.5 * age))
    works = rng.random((n, 14)) < 1 / (1 + np.exp(-trait - 0.5 * age))[:, None]
    lives = {}
    for number in range(n):
        before, after = (
            "".join(np.where(works[number, months], "w", other))
            for months, other in ((slice(0, 8), "e"), (slice(8, 12), "s"))
        )
        lives[f"p{number:04d}"] = before + "s" + ("t" if starts[number] else "s") + after
    tables = world.tables(lives, {person: f"D{int(person[1:]) % 3}" for person in lives})
    declared = {
        "eligibility": {"from_month": 10, "to_month": 10},
        "follow_up_months": 4,
        "covariates": covariates,
        "second_reading": {"window_months": 6},
    }
    return trials_of_tables(
        tables["spells"],
        tables["episodes"].with_columns(
            hours_per_week=pl.Series([30.0, 10.0] * n).head(tables["episodes"].height),
            ladder_step=pl.lit(1, pl.Int32),
            end_reason=pl.lit(None, pl.String),
        ),
        protocol=world.protocol(**declared | changes),
        state_intervals=tables["state_intervals"],
        person=pl.DataFrame({"person_id": list(lives), "age": age, "stands_for": 1 + abs(age)}),
        first_month=world.first_month,
    )


def _shift_by_models(trials, survey: np.ndarray) -> float:
    """The second reading less the plain one, each logit fitted by statsmodels."""
    gained = trials.is_in_primary.sum(axis=1)
    before = gained - 4 / 6 * trials.past
    differences = []
    for design, values in ((trials.design, gained), (trials.design[:, [0, 2]], before)):
        treated = trials.is_treated.astype(float)
        family = sm.families.Binomial()
        p = sm.GLM(treated, design, family=family, freq_weights=survey).fit().fittedvalues
        weights = survey * np.where(treated == 1, 1, p / (1 - p))
        means = [
            np.average(values[arm], weights=weights[arm]) for arm in (treated == 1, treated == 0)
        ]
        differences.append(means[0] - means[1])
    return differences[1] - differences[0]


def test_the_shift_and_its_draws_are_those_of_models_fitted_anew(world):
    trials = _city(world, 1_200, seed=4)
    weights = trials.cluster_weights(n_draws=40, seed=7)

    shifts = second_reading(trials, n_draws=40, seed=7).second_shifts.filter(district="all")

    assert trials.terms == ("constant", "past_work", "age")
    refitted = [
        _shift_by_models(trials, resampled)
        for resampled in (
            np.ones(trials.rows.height),
            *weights.weights[weights.position].T,
        )
    ]
    assert shifts["shift"][0] == pytest.approx(refitted[0], abs=1e-7)
    drawn, anew = shifts["shift"].to_numpy()[1:], np.array(refitted[1:])
    # Linear in the households' weights: what is left out is of second order, and shrinks with the
    # number of people. One per cent of the variance is what nobody would see in a range.
    assert np.var(drawn - anew) < 0.01 * np.var(anew)


def test_the_second_error_is_the_spread_of_the_two_together(world):
    trials = _city(world, 800, seed=5)
    everybody = trials.cluster_weights(n_draws=400, seed=2)

    found = two_readings(trials)

    shifts = second_reading(trials, n_draws=400, seed=2).second_shifts.filter(district="all")
    plain = contrast(trials, trials.is_in_primary.sum(axis=1))
    draws = plain.influence[:, 0] @ (everybody.weights - 1) + shifts["shift"].to_numpy()[1:]
    # The standard deviation of 400 draws has an error of 1 in sqrt(800).
    assert found.second_error == pytest.approx(draws.std(), rel=4 / np.sqrt(800))


def test_what_sets_apart_those_who_start_before_and_after_leaves_the_second_reading_unmoved(world):
    """Those who start get two months of work more in the window and, with a scale of one, in the
    follow-up.
    """
    rng = np.random.default_rng(3)
    lives, apart = {}, {}
    for number in range(60):
        tail = "".join(rng.choice(["w", "e"], 2))
        start = number % 3 == 0
        rest = "".join(rng.choice(["w", "s"], 2))
        lives[f"p{number:02d}"] = "ee" + tail + "s" + ("tss" if start else "sss") + rest
        apart[f"p{number:02d}"] = (
            "ww" + tail + "s" + "tww" + rest if start else lives[f"p{number:02d}"]
        )
    declared = {
        "eligibility": {"from_month": 6, "to_month": 6},
        "follow_up_months": 4,
        "second_reading": {"window_months": 4},
        "covariates": WORK,
    }

    same, moved = (two_readings(world.trials(one, **declared)) for one in (lives, apart))

    assert moved.second == pytest.approx(same.second, abs=EXACT)
    assert abs(moved.plain - same.plain) > 1


def test_both_readings_are_one_where_nothing_sets_people_apart_before(world):
    """Everybody worked in all of the window, and no weight knows of a past."""
    lives = {
        f"p{number:02d}": f"wws{'t' if number % 3 == 0 else 's'}{'w' if number % 4 else 's'}"
        for number in range(30)
    }
    trials = world.trials(lives, **DECLARED)

    found = second_reading(trials, n_draws=5, seed=1)

    assert found.second_shifts["shift"].abs().max() == pytest.approx(0, abs=EXACT)


def test_districts_have_shifts_of_their_own_whatever_they_are_called(world):
    trials = _city(world, 600, seed=6)
    renamed = {"D0": "Z", "D1": "A", "D2": "M"}

    found = second_reading(trials, n_draws=4, seed=1).second_shifts
    rows = trials.rows.with_columns(pl.col("district").replace(renamed))
    other = second_reading(replace(trials, rows=rows), n_draws=4, seed=1).second_shifts

    keys = ["district", "draw"]
    expected = found.with_columns(pl.col("district").replace(renamed)).sort(keys)
    assert np.allclose(other.sort(keys)["shift"], expected["shift"], atol=EXACT)


def test_without_covariates_a_districts_shift_is_that_of_its_people_alone(world):
    trials = _city(world, 600, seed=8, covariates=[])

    shifts = second_reading(trials, n_draws=1, seed=1).second_shifts.filter(draw=0)

    for district in ("D0", "D1", "D2"):
        alone = two_readings(trials.of_district(district)).shift
        assert shifts.filter(district=district)["shift"].item() == pytest.approx(alone, abs=EXACT)


def test_a_district_of_few_who_start_has_the_shift_of_all(world):
    trials = _city(world, 90, seed=9, refusal={"min_starters": 20, "min_effective_sample_size": 1})

    found = second_reading(trials, n_draws=2, seed=1)

    few = found.second_past.filter(pl.col("n_past_known") < 20)["district"].to_list()
    of_all = found.second_shifts.filter(district="all")["shift"]
    assert few
    assert found.second_shifts.filter(district=few[0])["shift"].to_list() == of_all.to_list()


def test_the_largest_change_is_that_of_leaving_each_person_out(world):
    """Without covariates no weight changes with the people."""
    trials = _city(world, 60, seed=10, covariates=[])
    people = trials.rows["person_id"]
    whole = two_readings(trials).second

    found = second_reading(trials, n_draws=1, seed=1).second_past.filter(district="all")

    without = [
        abs(two_readings(trials.keep((people != person).to_numpy())).second - whole)
        for person in people
    ]
    assert found["person_change"].item() == pytest.approx(max(without), abs=EXACT)


@pytest.mark.parametrize(
    "changes",
    [
        {"estimand": "ATE"},
        {"estimand": "overlap"},
        {"truncation": {"propensity": 2}},
        {"survey_weight": "stands_for"},
        {"comparisons": ["other"], "dose_hours": 20},
        {
            "primary_outcome": "closer",
            "outcomes": ["work", "studies", "subsidised_work", "next_step", "support", "training"],
            "next_step": {"ladder_step": 3, "holds_months": 1},
        },
        {"comparisons": ["never"]},
        {"grace_months": 1},
        {"primary_outcome": "without_support"},
        {
            "primary_outcome": "any_work",
            "outcomes": ["work", "subsidised_work", "studies", "support", "training"],
        },
        {
            "covariates": [
                {"name": "before", "kind": "participation", "of": "any", "measure": "ever"}
            ]
        },
    ],
)
def test_whatever_a_protocol_asks_for_there_are_two_readings(world, changes):
    trials = _city(world, 200, seed=11, **{"covariates": WORK} | changes)

    found = second_reading(trials, n_draws=5, seed=1)

    assert set(found.second_past["verdict"]) == {"two_readings"}
    assert found.second_shifts["shift"].is_finite().all()
    assert found.second_shifts.height == 4 * 6


def test_people_who_stand_for_two_are_two(world):
    """Of a sample in which everybody stands for as many the readings are those of the sample."""
    once = _city(world, 200, seed=12)
    weighted = replace(once, rows=once.rows.with_columns(weight=pl.lit(2.0)))

    one, two = two_readings(once), two_readings(weighted)

    assert (two.plain, two.second) == pytest.approx((one.plain, one.second), abs=1e-6)
    assert two.second_error == pytest.approx(one.second_error, abs=1e-6)


@pytest.mark.parametrize("is_hidden", [True, False])
def test_the_reading_whose_assumption_holds_is_right_and_the_span_holds_the_truth(world, is_hidden):
    """Starting changes nothing. Either a lasting trait that no table holds leads to work, before
    and after, and to the start: the second reading is right. Or the months worked before lead to
    the start, and to nothing else: the plain one is.
    """
    readings = []
    for seed in range(N_CITIES):
        rng = np.random.default_rng(100 + seed)
        trait = rng.normal(size=300) * is_hidden
        works = rng.random((300, 14)) < 1 / (1 + np.exp(-trait))[:, None]
        leads = trait if is_hidden else 3 * (works[:, :8].mean(axis=1) - 0.5)
        starts = rng.random(300) < 1 / (1 + np.exp(1 - leads))
        lives = {
            f"p{number:03d}": "".join(np.where(works[number, :8], "w", "e"))
            + ("st" if starts[number] else "ss")
            + "".join(np.where(works[number, 8:11], "w", "s"))
            for number in range(300)
        }
        declared = {
            "eligibility": {"from_month": 10, "to_month": 10},
            "follow_up_months": 4,
            "covariates": WORK,
            # Nobody works in the month of the start: three months stand against six.
            "second_reading": {"window_months": 6, "scale": 0.5},
        }
        found = two_readings(world.trials(lives, **declared))
        readings.append(found.table.row(0, named=True))

    table = pl.DataFrame(readings)
    right, wrong = ("second", "plain") if is_hidden else ("plain", "second")
    error = {name: table[f"{name}_error"].mean() / np.sqrt(N_CITIES) for name in (right, wrong)}
    assert abs(table[right].mean()) < N_ERRORS * error[right]
    assert abs(table[wrong].mean()) > N_ERRORS * error[wrong]
    is_held = (table["span_lower"] <= 0) & (table["span_upper"] >= 0)
    # Of 40 at 95 % or more, fewer than 33 have a chance of less than one in 1 000.
    assert is_held.sum() >= 33
