import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from evalkit.effects import fit_propensity, strength
from evalkit.effects.trials.thinned import thinned_comparison
from evalkit.effects.trust import strength as module
from evalkit.effects.trust.strength import groups_left_out, left_out
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.protocol import Protocol

NEAR = 1e-6
COVARIATES = [
    {"name": "x0", "kind": "person", "column": "x0"},
    {"name": "x1", "kind": "person", "column": "x1"},
]


def _left_out(trials):
    weighting = StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1))
    return left_out(weighting)


def _by_group(table):
    return {row["covariate"]: row for row in table.iter_rows(named=True)}


def _span(**changes):
    row = {"plain": 1.2, "plain_lower": 0.4, "plain_upper": 2.0}
    row |= {"span_lower": 0.3, "span_upper": 2.5, "n_starters": 400}
    row |= {"person_change": 0.01, "range_change": 0.01}
    return pl.DataFrame([{"district": "all", **row, **changes}])


def _moved(*rows):
    columns = ("covariate", "moved", "moved_lower", "moved_upper")
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    own = {"district": "all", "intervention_id": "course", "n_starters": 400, "one_person": 0.01}
    return pl.DataFrame([own | row for row in named])


def test_leaving_out_the_only_covariate_gives_the_plain_difference_by_hand(arms):
    """x0 is 1 for two of the three who start and for two of the five others. Those with it work two
    months, those without none: weighted there is no difference, unweighted 4/3 - 4/5.
    """
    x = np.array([1, 1, 0, 1, 0, 0, 1, 0])
    treated = np.array([1, 1, 0, 0, 0, 0, 0, 1], bool)
    outcomes = np.where(x[:, None] == 1, 0, 2) * np.ones((1, 2), int)

    row = _by_group(_left_out(arms.of_arrays(x, treated, outcomes)))["x0"]

    assert row["moved"] == pytest.approx(4 / 3 - 4 / 5, abs=NEAR)


def test_left_out_equals_a_refit_by_another_tool(arms):
    trials = arms.confounded(1_500, seed=4)
    months = (trials.outcomes == 0).sum(axis=1)

    found = _by_group(_left_out(trials))

    def gained(columns):
        design = trials.design[:, columns]
        p = sm.Logit(trials.is_treated.astype(float), design).fit(disp=0).predict(design)
        others = ~trials.is_treated
        weighted = np.average(months[others], weights=(p / (1 - p))[others])
        return months[trials.is_treated].mean() - weighted

    whole = gained([0, 1, 2])
    assert found["x0"]["moved"] == pytest.approx(gained([0, 2]) - whole, abs=NEAR)
    assert found["x1"]["moved"] == pytest.approx(gained([0, 1]) - whole, abs=NEAR)


def test_the_range_of_what_moves_is_that_of_people_drawn_anew(arms):
    trials = arms.confounded(800, seed=5)
    rng, n = np.random.default_rng(6), len(trials.rows)
    moved = []
    for _ in range(60):
        drawn = rng.integers(0, n, n)
        again = arms.of_arrays(
            trials.design[drawn, 1:], trials.is_treated[drawn], trials.outcomes[drawn]
        )
        moved.append(_by_group(_left_out(again))["x0"]["moved"])

    row = _by_group(_left_out(trials))["x0"]

    error = (row["moved_upper"] - row["moved_lower"]) / 2 / 1.959964
    # The standard deviation of 60 draws is known to about a tenth of itself.
    assert error == pytest.approx(np.std(moved, ddof=1), rel=0.35)


def test_leaving_out_what_is_irrelevant_moves_nothing_but_by_chance(arms):
    held = []
    for seed in range(20):
        row = _by_group(_left_out(arms.confounded(400, seed=seed)))["x1"]
        held.append(row["moved_lower"] <= 0 <= row["moved_upper"])

    # x1 is noise: of 20 ranges at 95 % four or more miss zero with a chance of 1.6 %.
    assert sum(held) > 16


def test_what_moves_is_nearly_the_same_of_a_thinned_comparison(arms, monkeypatch):
    trials = arms.confounded(3_000, seed=8)
    every = _by_group(_left_out(trials))["x0"]

    monkeypatch.setattr(module, "thinned_comparison", lambda given: thinned_comparison(given, 900))
    fewer = _by_group(_left_out(trials))["x0"]

    # Here everybody is compared once, so two of three people are gone; in a register it is months.
    error = (fewer["moved_upper"] - fewer["moved_lower"]) / 2 / 1.959964
    assert fewer["moved"] != every["moved"]
    assert abs(fewer["moved"] - every["moved"]) < 3 * error


def test_covariates_of_a_group_are_left_out_together(arms):
    declared = arms.protocol(
        covariates=[one | {"group": "both"} for one in COVARIATES], calendar={"form": "none"}
    )
    trials = arms.confounded(500, seed=2)
    grouped = arms.of_arrays(
        trials.design[:, 1:], trials.is_treated, trials.outcomes, protocol=declared
    )

    found = _left_out(grouped)

    assert groups_left_out(declared, grouped.terms) == {"both": ("x0", "x1")}
    months = (trials.outcomes == 0).sum(axis=1)
    plain = months[trials.is_treated].mean() - months[~trials.is_treated].mean()
    weighting = StartNow.of(grouped, fit_propensity(grouped, n_draws=1, seed=1))
    others = ~trials.is_treated
    whole = months[trials.is_treated].mean() - np.average(
        months[others], weights=weighting.weights[others]
    )
    assert found["moved"].to_list() == pytest.approx([plain - whole], abs=NEAR)


def test_nothing_is_left_out_where_nothing_was_adjusted_for(arms):
    trials = arms.of_arrays(np.zeros((6, 0)), np.arange(6) < 3, np.zeros((6, 2), int))

    assert _left_out(trials).is_empty()


def test_times_by_hand():
    """1.2 months are 3 times 0.4; the nearer end of the span, 0.3, is 0.75 of it: to tenths 0.8.
    What moves by chance has no times.
    """
    moved = _moved(("work", -0.4, -0.6, -0.2), ("noise", 0.1, -0.1, 0.3))

    rows = _by_group(strength(moved, _span()))

    assert (rows["work"]["times"], rows["work"]["times_limit"]) == (3.0, 0.8)
    assert (rows["noise"]["times"], rows["noise"]["times_limit"]) == (None, None)


def test_a_span_that_holds_none_takes_nothing_and_a_loss_is_taken_away_from_above():
    moved = _moved(("work", 0.4, 0.2, 0.6))

    holds_none = strength(moved, _span(span_lower=-0.2))["times_limit"]
    loss = strength(moved, _span(plain=-1.2, span_lower=-2.0, span_upper=-0.4))

    assert holds_none.to_list() == [0.0]
    assert loss.select("times", "times_limit").rows() == [(3.0, 1.0)]


def test_times_are_told_no_finer_than_one_person_changes_them():
    """One person changes 1.24 months by 0.39, and 3.1 times by nearly one: told in steps of one."""
    moved = _moved(("work", 0.4, 0.2, 0.6))

    rows = strength(moved, _span(plain=1.24, person_change=0.39))

    assert rows["times"].to_list() == [3.0]


def test_times_of_the_limit_are_told_no_finer_than_one_person_changes_either_reading():
    moved = _moved(("work", 0.4, 0.2, 0.6))

    rows = strength(moved, _span(plain=1.24, span_lower=0.66, range_change=0.39))

    assert rows.select("times", "times_limit").rows() == [(3.1, 2.0)]


def test_without_an_effect_there_is_nothing_to_take_away():
    moved = _moved(("work", 0.4, 0.2, 0.6))

    rows = strength(moved, _span().clear())

    assert rows.select("moved", "times").rows() == [(0.4, None)]


def test_a_group_needs_a_name():
    with pytest.raises(ValueError, match="group"):
        Protocol.model_validate({"covariates": [{"name": "a", "kind": "elapsed", "group": ""}]})


def test_what_is_moved_is_told_no_finer_than_one_of_those_who_start_could_move_it(arms):
    trials = arms.confounded(1_500, seed=4)

    least = 1 / np.sqrt(trials.n_starters)

    assert (_left_out(trials)["one_person"] >= least).all()
