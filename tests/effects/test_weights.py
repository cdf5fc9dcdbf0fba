import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from evalkit.effects import balance_table, effective_sample_size, fit_propensity, propensity_weights
from evalkit.effects.weighting.logit import replicate_logits, weighted_logit
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.weights import effective_people, weights_from_propensity
from evalkit.errors import EstimationError

LOGIT_TOLERANCE = 1e-9  # both stop when the step is negligible


def _logit_data(n=400, seed=5):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    treated = (rng.random(n) < 1 / (1 + np.exp(-(design @ [-1.0, 0.8, -0.5])))).astype(float)
    return design, treated, rng.uniform(0.5, 2, n)


def test_weighted_logit_equals_statsmodels():
    design, treated, weights = _logit_data()

    fit = weighted_logit(design, treated, weights)

    expected = (
        sm.GLM(treated, design, family=sm.families.Binomial(), freq_weights=weights)
        .fit(tol=1e-12, maxiter=100)
        .params
    )
    assert fit.is_converged
    assert np.abs(fit.coefficients - expected).max() < LOGIT_TOLERANCE


def test_weighted_logit_says_when_the_data_separate():
    design = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])

    fit = weighted_logit(design, np.array([0.0, 0, 0, 1, 1, 1]), np.ones(6))

    assert not fit.is_converged
    assert np.isfinite(fit.coefficients).all()


@pytest.mark.parametrize(
    ("estimand", "expected"), [("ATT", [1, 1 / 3]), ("ATE", [4, 4 / 3]), ("overlap", [0.75, 0.25])]
)
def test_weights_from_propensity_by_hand(estimand, expected):
    weights = weights_from_propensity(np.array([0.25, 0.25]), np.array([True, False]), estimand)

    assert weights.tolist() == pytest.approx(expected)


def test_people_are_never_more_than_their_rows_nor_than_there_are(arms):
    """Weights 1, 2, 3 of one person and 2 of another: 6 and 2, so (6 + 2)^2 / (36 + 4) people; as
    rows they would be 64 / 18.
    """
    trials = arms.of_arrays(
        np.zeros((4, 0)),
        np.array([False] * 3 + [True]),
        np.zeros((4, 1), int),
        person=np.array([0, 0, 0, 1]),
    )
    weights = np.array([1.0, 2, 3, 2])

    people = effective_people(trials, weights, np.ones(4, bool))

    assert people == pytest.approx(64 / 40)
    assert people < effective_sample_size(weights)


def test_effective_sample_size_by_hand():
    assert effective_sample_size(np.array([1.0, 1, 1, 1])) == 4
    assert effective_sample_size(np.array([3.0, 1])) == pytest.approx(16 / 10)
    assert effective_sample_size(np.array([0.0, 0])) == 0


def test_att_weights_make_the_comparison_arm_as_heavy_as_the_treated():
    """With a constant and group dummies, sum of p/(1-p) over the comparison arm in each group is
    its number of treated.
    """
    rows = pl.DataFrame(
        {"treated": [True, False, False, True, True, False], "group": [0, 0, 0, 1, 1, 1]}
    )

    weighted = propensity_weights(rows, treatment="treated", covariates=["group"])

    totals = (
        weighted.filter(~pl.col("treated"))
        .group_by("group")
        .agg(pl.col("weight").sum())
        .sort("group")
    )
    assert totals["weight"].to_list() == pytest.approx([1, 2])


@pytest.mark.parametrize(
    ("treated", "words"), [([True, True], "Everyone starts"), ([False, False], "No one starts")]
)
def test_propensity_weights_refuses_a_single_arm(treated, words):
    with pytest.raises(EstimationError) as caught:
        propensity_weights(pl.DataFrame({"t": treated}), treatment="t", covariates=[])

    lines = str(caught.value).splitlines()
    assert (
        words in lines[0]
        and lines[1].strip().startswith("where:")
        and lines[3].strip().startswith("fix:")
    )


def test_propensity_weights_refuses_missing_covariates():
    rows = pl.DataFrame({"t": [True, False], "age": [30.0, None]})

    with pytest.raises(
        EstimationError, match=r'1 covariate cannot be used(?s:.*)column "age": missing in 1 rows'
    ):
        propensity_weights(rows, treatment="t", covariates=["age"])


def test_fit_propensity_leaves_out_replicates_without_starters(world):
    trials = world.trials({"a": "sstw", "b": "sssw", "c": "ssss", "d": "sssw"})

    propensity = fit_propensity(trials, n_draws=60, seed=11)

    # Poisson(1) gives the only starter weight 0 in about 37 % of replicates: 60 draws keep some and
    # lose some.
    assert 1 < propensity["draw"].n_unique() < 61
    assert propensity["draw"].min() == 0


def test_balance_after_weighting_is_nil_when_the_logit_is_saturated(world):
    lives = {f"old-{n}": life for n, life in enumerate(["sstt", "ssss", "ssww", "ssse"])} | {
        f"y{n}": life for n, life in enumerate(["sstw", "sttw", "ssss", "sssw"])
    }
    trials = world.trials(
        lives,
        covariates=[{"name": "age", "kind": "person", "column": "age"}],
        eligibility={"from_month": 3, "to_month": 3},
    )

    balance = balance_table(StartNow.of(trials, fit_propensity(trials, n_draws=10, seed=1)))

    assert abs(balance["smd_before"][0]) > 0.1
    assert balance["smd_after"][0] == pytest.approx(0, abs=1e-9)


def test_replicates_are_near_the_maximum_whatever_the_order_of_rows():
    """One step from the point; what is left to the maximum is small beside how much replicates
    differ.
    """
    design, treated, weights = _logit_data(n=3_000)
    rng = np.random.default_rng(8)
    person = rng.integers(0, 1_000, len(treated))
    drawn = rng.poisson(1.0, (1_000, 20)).astype(float)
    point = weighted_logit(design, treated, weights).coefficients

    found = replicate_logits(
        design, treated, weights, point=point, person=person, person_weights=drawn
    )

    full = np.column_stack(
        [
            weighted_logit(design, treated, weights * drawn[person, b]).coefficients
            for b in range(20)
        ]
    )
    assert np.abs(found - full).max() < 0.15 * full.std(axis=1).max()
