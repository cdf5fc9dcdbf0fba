"""Earlier participation, exclusions, the latest value, forms of elapsed months, calendar time and
households, worked out on paper.
"""

from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.effects import contrast, fit_propensity, trials_of_tables
from evalkit.effects.trials.spline import calendar_columns, natural_spline
from evalkit.effects.trials.stop_trials import stop_trials
from evalkit.line.protocol import Protocol
from evalkit.months import add_months

EXACT = 1e-12
START = date(2020, 1, 1)
STATES = {"s": "support", "w": "work"}


def _tables(
    lives: dict[str, str], courses: list[tuple], households: dict[str, str] | None = None
) -> dict:
    """Lives as letters a month (s, w), each one spell of support while it is s from the first
    month; courses: person, intervention, first month (1 is the extract's first), first month after
    it."""
    spells = [
        (
            who,
            (households or {}).get(who, who),
            "North",
            START,
            add_months(START, len(life) - len(life.lstrip("s"))),
            True,
        )
        for who, life in lives.items()
    ]
    episodes = [
        (who, what, add_months(START, at - 1), add_months(START, over - 1), 3)
        for who, what, at, over in courses
    ]
    intervals = [
        (who, "North", k, k + 1, STATES[letter])
        for who, life in lives.items()
        for k, letter in enumerate(life)
    ]
    return {
        "spells": pl.DataFrame(
            spells,
            schema=["person_id", "cluster_id", "district", "start", "end", "is_start_known"],
            orient="row",
        ),
        "episodes": pl.DataFrame(
            episodes,
            schema={
                "person_id": pl.String,
                "intervention_id": pl.String,
                "start": pl.Date,
                "end": pl.Date,
                "planned_months": pl.Int32,
            },
            orient="row",
        ),
        "state_intervals": pl.DataFrame(
            intervals,
            schema=["person_id", "district", "start_month", "stop_month", "from_state"],
            orient="row",
        ),
        "person": pl.DataFrame({"person_id": list(lives)}),
        "first_month": START,
    }


def _protocol(first: int, last: int, **changes) -> Protocol:
    declared = {
        "protocol": "p",
        "intervention_id": "course",
        "title": {"en": "A course"},
        "question": {"en": "What does a course change?"},
        "eligibility": {"from_month": first, "to_month": last, **changes.pop("eligibility", {})},
        "comparisons": ["wait"],
        "leavers_in_month_one": "stay",
        "follow_up_months": 1,
        "outcomes": ["work", "support"],
        "covariates": [],
    }
    return Protocol.model_validate(declared | changes)


def _column(trials, term: str, person: str = "a") -> list[float]:
    return (
        trials.design[(trials.rows["person_id"] == person).to_numpy(), trials.terms.index(term)]
        .round(9)
        .tolist()
    )


HISTORY = [("a", "course", 2, 4), ("a", "help", 3, 6), ("b", "help", 9, 10)]
MEASURES = [
    # a is in the course in months 2 and 3 and in help in 3, 4 and 5: stays begun before months 2
    # and 5 to 8, and months since the last ended.
    ("any", "ever", [0, 1, 1, 1, 1]),
    ("any", "count", [0, 2, 2, 2, 2]),
    ("help", "count", [0, 1, 1, 1, 1]),
    ("this", "months_since", [0, 1, 2, 3, 4]),
    ("any", "months_since", [0, 0, 0, 1, 2]),
    ("any", "share", [0, 3 / 4, 4 / 5, 4 / 6, 4 / 7]),
    ("this", "share", [0, 2 / 4, 2 / 5, 2 / 6, 2 / 7]),
]


@pytest.mark.parametrize(("of", "measure", "expected"), MEASURES)
def test_earlier_participation_is_what_began_before_the_trial(of, measure, expected):
    covariate = {"name": "past", "kind": "participation", "of": of, "measure": measure}
    protocol = _protocol(2, 8, covariates=[covariate])

    trials = trials_of_tables(**_tables({"a": "s" * 9, "b": "s" * 9}, HISTORY), protocol=protocol)

    # In the month before the other months a was in the course.
    assert trials.rows.filter(person_id="a")["trial_month"].to_list() == [2, 5, 6, 7, 8]
    shown = np.log1p(expected) if measure == "months_since" else np.array(expected, dtype=float)
    assert _column(trials, "past") == pytest.approx(shown, abs=1e-9)
    # b's only participation comes after the last trial.
    assert set(_column(trials, "past", "b")) == {0.0}
    if measure == "months_since":
        assert trials.terms == ("constant", "past", "past_never")
        assert _column(trials, "past_never") == [1, 0, 0, 0, 0]
        assert set(_column(trials, "past_never", "b")) == {1.0}


EXCLUSIONS = [
    # The trials of a that remain: help runs in months 3 to 5, so within 2 months before the trials
    # of months 4 to 7.
    ({"of": "help", "within_months": 2}, [2, 8]),
    ({"of": "help", "within_months": 1}, [2, 7, 8]),
    ({"of": "help"}, [2]),
    ({"of": "this", "within_months": 2}, [2, 6, 7, 8]),
    ({"of": "any"}, [2]),
]


@pytest.mark.parametrize(("exclusion", "months"), EXCLUSIONS)
def test_who_took_part_earlier_is_left_out_as_declared(exclusion, months):
    protocol = _protocol(2, 8, eligibility={"exclude_participation": [exclusion]})

    trials = trials_of_tables(**_tables({"a": "s" * 9, "b": "s" * 9}, HISTORY), protocol=protocol)

    assert trials.rows.filter(person_id="a")["trial_month"].to_list() == months
    assert trials.rows.filter(person_id="b")["trial_month"].to_list() == [2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    ("rule", "months"),
    [
        ({"exclude_participation": [{"of": "help"}]}, [2, 3]),
        ({"after": "step", "within_months": 2}, [2, 3]),
        ({"during": "care"}, [2, 3]),
    ],
)
def test_time_zero_asks_and_a_later_start_is_a_start_all_the_same(rule, months):
    """b may enter the trials of months 2 and 3 alone, waits on in the months after, and starts in
    month 6: in follow-up months 5 and 4.
    """
    courses = [("a", "course", 2, 3), ("b", "course", 6, 7), ("b", "help", 3, 4)]
    courses += [(who, "step", 0, 2) for who in "ab"] + [(who, "care", 1, 3) for who in "ab"]
    protocol = _protocol(2, 6, comparisons=["wait", "never"], follow_up_months=5, eligibility=rule)

    trials = trials_of_tables(**_tables({"a": "s" * 10, "b": "s" * 10}, courses), protocol=protocol)

    b = trials.rows.filter(person_id="b").select("trial_month", "next_start").rows()
    assert b == [(month, 6 - month + 1) for month in months]
    waiting = trials.waiting.rows.filter(person_id="b").select("trial_month", "started").rows()
    assert waiting[:5] == [(2, False), (3, False), (4, False), (5, False), (6, True)]


def test_leaving_is_asked_with_what_came_before_the_stay():
    """a's stay of months 5 to 7 is the second: one earlier stay, over for two months when it began,
    whichever month leaving is asked of.
    """
    covariates = [
        {"name": name, "kind": "participation", "of": "this", "measure": name}
        for name in ("count", "months_since", "share")
    ]
    courses = [("a", "course", 2, 3), ("a", "course", 5, 8)]
    protocol = _protocol(
        2,
        8,
        covariates=covariates,
        stop_months=[1],
        eligibility={"exclude_participation": [{"of": "help"}]},
    )

    trials = stop_trials(**_tables({"a": "s" * 9}, courses), protocol=protocol)

    asked = trials.rows.select(
        "trial_month", "elapsed_months", count=pl.Series(_column(trials, "count"))
    ).rows()
    assert asked == [(3, 1, 0.0), (6, 1, 1.0), (7, 2, 1.0)]
    assert _column(trials, "months_since") == pytest.approx([0, np.log1p(2), np.log1p(2)], abs=1e-9)
    assert _column(trials, "share") == pytest.approx([0, 1 / 4, 1 / 4], abs=1e-9)


def test_the_latest_value_is_the_last_one_known_before_the_trial():
    members = pl.DataFrame(
        {
            "household_id": ["h"] * 4,
            "person_id": ["a"] * 4,
            "month": [add_months(START, k) for k in (1, 2, 3, 4)],  # months 2 to 5
            "support_obstacle": ["language", None, "unemployed", "language"],
        }
    )
    assessed = pl.DataFrame(
        {
            "person_id": ["a", "a", "a"],
            "date": [date(2020, 3, 31), date(2020, 5, 1), date(2020, 3, 2)],
            "life_area": ["health", "health", "work"],
            "rating_share": [0.25, 0.75, 0.5],
        }
    )
    covariates = [
        {
            "name": "language",
            "kind": "latest",
            "table": "household_member",
            "column": "support_obstacle",
            "equals": "language",
        },
        {
            "name": "health",
            "kind": "latest",
            "table": "assessment",
            "column": "rating_share",
            "life_area": "health",
        },
    ]
    tables = _tables({"a": "s" * 7, "b": "s" * 7}, [])

    trials = trials_of_tables(
        **tables,
        protocol=_protocol(2, 7, covariates=covariates),
        delivered={"household_member": members, "assessment": assessed},
    )

    # Months 2 to 7: the value of the trial's own month is not known yet; an empty cell leaves what
    # was known.
    assert _column(trials, "language") == [0, 1, 1, 0, 1, 1]
    assert _column(trials, "language_unknown") == [1, 0, 0, 0, 0, 0]
    assert _column(trials, "health") == [0, 0, 0.25, 0.25, 0.75, 0.75]
    assert _column(trials, "health_unknown") == [1, 1, 0, 0, 0, 0]
    assert set(_column(trials, "health_unknown", "b")) == {1.0}


def test_elapsed_months_stand_in_bands_or_as_a_spline():
    forms = [
        {"name": "banded", "kind": "elapsed", "form": "bands", "starts": [2, 4]},
        {"name": "curved", "kind": "elapsed", "form": "spline", "knots": [1, 2, 4]},
    ]

    trials = trials_of_tables(
        **_tables({"a": "s" * 7}, []), protocol=_protocol(2, 7, covariates=forms)
    )

    # Months on support at the trials of months 2 to 7: 1 to 6.
    assert trials.terms[1:] == (
        "banded_from_2",
        "banded_from_4",
        "banded_unknown",
        "curved",
        "curved_curve_2",
        "curved_unknown",
    )
    assert _column(trials, "banded_from_2") == [0, 1, 1, 0, 0, 0]
    assert _column(trials, "banded_from_4") == [0, 0, 0, 1, 1, 1]
    assert _column(trials, "curved") == pytest.approx([0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3], abs=1e-9)
    # (x-1)^3+ - (x-2)^3+ 3/2 + (x-4)^3+ 1/2, over 27.
    assert _column(trials, "curved_curve_2") == pytest.approx(
        np.array([0, 1, 6.5, 15, 24, 33]) / 27, abs=1e-9
    )


def test_a_natural_spline_is_straight_outside_its_knots_and_smooth_at_them():
    step = 1e-3
    knots = np.array([0.0, 2.0, 5.0, 9.0])

    def bend(at: float) -> np.ndarray:
        below, here, above = natural_spline(np.array([at - step, at, at + step]), knots)
        return (above - 2 * here + below) / step**2

    assert np.abs(np.concatenate([bend(-1.0), bend(12.0)])).max() < 1e-6
    assert np.abs(bend(0.0)[1:]).max() < 1e-3 and np.abs(bend(9.0)[1:]).max() < 1e-3
    assert np.abs(bend(4.0)[1:]).min() > 1e-3


def test_calendar_columns_have_mean_zero_and_do_not_repeat_each_other_over_the_months():
    columns = calendar_columns(np.arange(5, 41), first=5, last=40, n_terms=3)

    assert np.allclose(columns.mean(axis=0), 0, atol=EXACT)
    assert np.allclose(columns.T @ columns / 36, np.eye(3), atol=1e-10)
    assert (
        np.allclose(np.diff(columns[:, 0], n=2), 0, atol=1e-10) and columns[-1, 0] > columns[0, 0]
    )
    assert np.array_equal(
        calendar_columns(np.array([40, 5]), first=5, last=40, n_terms=3), columns[[-1, 0]]
    )


def test_calendar_time_of_starting_later_runs_to_the_last_month_of_waiting():
    protocol = _protocol(2, 13, comparisons=["wait", "never"], follow_up_months=6)

    trials = trials_of_tables(
        **_tables({"a": "s" * 19}, [("a", "course", 18, 19)]), protocol=protocol
    )

    assert trials.terms == (
        "constant",
        "calendar_time",
        "calendar_time_curve_2",
        "calendar_time_curve_3",
    )
    assert np.array_equal(
        trials.design[:, 1:], calendar_columns(np.arange(2, 14), first=2, last=13, n_terms=3)
    )
    assert np.array_equal(
        trials.waiting.design[:, 1:],
        calendar_columns(np.arange(2, 19), first=2, last=18, n_terms=3),
    )


def test_a_break_is_a_step_from_its_month_on_also_where_there_is_no_curve():
    """Trials of months 2 to 6 with breaks in months 2 (everybody is behind it), 5 and 7."""
    calendar = {"breaks": ["old", "new", "later"], "break_months": [2, 5, 7]}

    trials = trials_of_tables(
        **_tables({"a": "s" * 8}, []), protocol=_protocol(2, 6, calendar=calendar)
    )

    assert trials.terms == ("constant", "after_new")
    assert trials.design[:, 1].tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("last", "calendar", "terms"),
    [(13, {"form": "linear"}, 1), (13, {"form": "none"}, 0), (13, {"df": 2}, 2), (12, {}, 0)],
)
def test_calendar_time_is_left_out_where_it_is_not_asked_for_or_the_trials_span_less_than_a_year(
    last, calendar, terms
):
    trials = trials_of_tables(
        **_tables({"a": "s" * 14}, []), protocol=_protocol(2, last, calendar=calendar)
    )

    assert trials.design.shape[1] == 1 + terms == len(trials.terms)


def test_a_household_is_drawn_whole_and_its_people_are_one_part_of_the_error():
    """a and b share a household: their replicate is one, and four people who are two households
    have the error of two.
    """
    lives = {"a": "sww", "b": "sww", "c": "sss", "d": "sss", "e": "sww", "f": "sss"}
    courses = [("a", "course", 2, 3), ("c", "course", 2, 3)]
    alone = trials_of_tables(**_tables(lives, courses), protocol=_protocol(2, 2))
    shared = trials_of_tables(
        **_tables(lives, courses, {"b": "a", "d": "c"}), protocol=_protocol(2, 2)
    )
    is_work = (alone.outcomes[:, 0] == 0).astype(float)

    errors = [contrast(trials, is_work).std_error[0] for trials in (alone, shared)]
    coefficients = [
        fit_propensity(trials, n_draws=40, seed=1).filter(pl.col("draw") > 0)["coefficient"]
        for trials in (alone, shared)
    ]

    # Starters a, c work 1, 0; the comparison b, d, e, f works 1, 0, 1, 0. Parts in the difference:
    # 1/4 of a, -1/4 of c; -+1/8 of the others.
    assert errors[0] == pytest.approx(np.sqrt(2 / 16 + 4 / 64), abs=1e-9)
    # Together a and b hold 1/4 - 1/8, c and d -1/4 + 1/8.
    assert errors[1] == pytest.approx(np.sqrt(2 / 64 + 2 / 64), abs=1e-9)
    assert shared.rows["cluster_id"].to_list() == ["a", "a", "c", "c", "e", "f"]
    assert coefficients[0].to_list() != coefficients[1].to_list()
