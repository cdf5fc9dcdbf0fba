"""Curves of fitted hazard models: derivatives, sums, and a confounded population whose truth is
known.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from evalkit.survival import (
    aalen_johansen,
    cox,
    discrete_hazard,
    predicted_curves,
    replicate_weights,
    standardised_curves,
)

CLOSE = 1e-9  # Newton steps stop below 1e-10
STEP = 1e-6  # of a numerical derivative; its own error is about the step
NEARLY = 1e-3  # a covariate of chance moves the average a little
TIES = 0.1  # Efron's likelihood and the discrete one are not the same where many leave in a month
MONTE_CARLO = 4  # standard errors
LINKS = {"multinomial": "cause", "logit": "ended", "cloglog": "ended"}


@pytest.fixture(scope="module")
def confounded() -> pl.DataFrame:
    """Women are trained more often and leave more slowly; training doubles the chance of work."""
    rng = np.random.default_rng(7)
    n = 6000
    female = rng.random(n) < 0.5
    trained = rng.random(n) < np.where(female, 0.7, 0.2)
    work = 0.06 * np.where(trained, 2, 1) * np.where(female, 0.5, 1)
    studies = np.full(n, 0.03)
    leaves = rng.geometric(work + studies)
    cause = np.where(rng.random(n) < work / (work + studies), "work", "studies")
    months = np.minimum(leaves, 12)
    table = pl.DataFrame(
        {"months": months, "cause": cause.tolist(), "female": female, "trained": trained}
    )
    ended = pl.Series(leaves <= 12)
    return table.with_columns(cause=pl.when(ended).then("cause"), ended=ended)


@pytest.mark.parametrize("link", LINKS)
def test_error_is_the_derivative_by_the_coefficients(link, confounded):
    fit = discrete_hazard(
        confounded,
        time="months",
        event=LINKS[link],
        covariates=["female", "trained"],
        link=link,
        band_starts=(1, 4),
    )
    settings = {"all": {"trained": 1}}

    table = standardised_curves(fit, confounded[:50], settings=settings)

    columns = []
    for place in range(fit.terms.height):
        moved = []
        for sign in (1, -1):
            estimate = fit.terms["estimate"].to_numpy().copy()
            estimate[place] += sign * STEP
            shifted = replace(fit, terms=fit.terms.with_columns(estimate=pl.Series(estimate)))
            moved.append(
                standardised_curves(shifted, confounded[:50], settings=settings)[
                    "estimate"
                ].to_numpy()
            )
        columns.append((moved[0] - moved[1]) / (2 * STEP))
    gradient = np.array(columns)
    expected = np.sqrt(np.einsum("ct,cd,dt->t", gradient, fit.covariance, gradient))
    assert table["std_error"].to_numpy() == pytest.approx(expected, abs=STEP)


def test_saturated_model_gives_back_the_observed_curve(confounded):
    everybody = confounded.with_columns(one=pl.int_range(pl.len()) % 2)
    fit = discrete_hazard(
        everybody, time="months", event="cause", covariates=["one"], band_starts=tuple(range(1, 13))
    )

    table = standardised_curves(fit, everybody, settings={"as they are": {}})

    observed = aalen_johansen(confounded, time="months", event="cause")
    assert table.filter(pl.col("cause") != "still_running")["estimate"].to_list() == pytest.approx(
        observed["estimate"].to_list(), abs=NEARLY
    )
    assert table.group_by("time").agg(pl.col("estimate").sum())[
        "estimate"
    ].to_list() == pytest.approx([1.0] * 13, abs=CLOSE)


def test_g_formula_over_both_sexes_holds_the_truth_and_the_naive_difference_does_not(confounded):
    fit = discrete_hazard(
        confounded,
        time="months",
        event="ended",
        covariates=["female", "trained"],
        band_starts=(1,),
        link="cloglog",
    )
    settings = {"all": {"trained": 1}, "none": {"trained": 0}}

    table = standardised_curves(fit, confounded, settings=settings, reference="none").filter(
        cause="any", time=6
    )

    def left(trained: bool) -> float:
        chances = [0.06 * (2 if trained else 1) * factor + 0.03 for factor in (0.5, 1)]
        return float(np.mean([1 - (1 - chance) ** 6 for chance in chances]))

    naive = aalen_johansen(
        confounded.with_columns(cause=pl.when("ended").then(pl.lit("any"))),
        time="months",
        event="cause",
        by=["trained"],
    ).filter(pl.col("time") == 6)["estimate"]
    truth = left(True) - left(False)
    assert abs(table["estimate"].item() - truth) < MONTE_CARLO * table["std_error"].item()
    assert abs((naive[1] - naive[0]) - truth) > MONTE_CARLO * table["std_error"].item()


def test_cause_specific_cox_fits_share_out_everybody(confounded):
    fits = {
        cause: cox(
            confounded, time="months", event="cause", cause=cause, covariates=["female", "trained"]
        )
        for cause in ("work", "studies")
    }

    table = standardised_curves(fits, confounded, settings={"as they are": {}})

    totals = table.group_by("time").agg(pl.col("estimate").sum())["estimate"]
    observed = (
        aalen_johansen(confounded, time="months", event="cause")
        .filter(cause="work", time=12)["estimate"]
        .item()
    )
    assert totals.to_list() == pytest.approx([1.0] * 13, abs=CLOSE)
    assert table.filter(cause="work", time=12)["estimate"].item() == pytest.approx(
        observed, abs=0.01
    )  # proportional hazards hold roughly


def test_strata_have_their_own_baseline(confounded):
    fit = cox(confounded, time="months", event="ended", covariates=["trained"], strata=["female"])

    table = predicted_curves(fit, pl.DataFrame({"trained": [0, 0], "female": [False, True]}))

    men, women = (
        table.filter(profile=row, cause="any", time=12)["estimate"].item() for row in (0, 1)
    )
    assert men > women + 0.1


@pytest.mark.parametrize("kind", ["robust", "several"])
def test_errors_of_curves_that_cox_fits_cannot_give_are_null_and_the_docstring_says_what_to_do(
    kind, confounded
):
    if kind == "robust":
        fit = cox(
            confounded, time="months", event="ended", covariates=["trained"], variance="robust"
        )
    else:
        fit = {
            cause: cox(
                confounded, time="months", event="cause", cause=cause, covariates=["trained"]
            )
            for cause in ("work", "studies")
        }

    table = predicted_curves(fit, pl.DataFrame({"trained": [True]})).filter(pl.col("time") > 0)

    assert table["estimate"].null_count() == 0 and not table["estimate"].is_nan().any()
    assert (
        table.select("std_error", "ci_lower", "ci_upper").null_count().row(0) == (table.height,) * 3
    )
    assert (
        "not estimable from the fits" in predicted_curves.__doc__
        and "replicate_weights" in predicted_curves.__doc__
    )


@pytest.mark.parametrize("reference", [None, "none"])
def test_errors_of_a_cox_fit_are_those_of_the_discrete_model_of_the_same_data(
    reference, confounded
):
    columns = {"time": "months", "event": "ended", "covariates": ["female", "trained"]}
    fits = [
        cox(confounded, **columns),
        discrete_hazard(confounded, **columns, link="cloglog", band_starts=range(1, 13)),
    ]
    settings = {"all": {"trained": 1}, "none": {"trained": 0}}

    errors = [
        standardised_curves(fit, confounded[:200], settings=settings, reference=reference)[
            "std_error"
        ]
        for fit in fits
    ]

    assert errors[0].to_numpy() == pytest.approx(errors[1].to_numpy(), rel=TIES, abs=NEARLY)


def test_a_stratum_more_with_the_same_people_halves_the_variance(confounded):
    columns, people = (
        {"time": "months", "event": "ended", "covariates": ["trained"]},
        confounded[:100],
    )
    twice = pl.concat([confounded.with_columns(half=pl.lit(half)) for half in ("a", "b")])
    everybody = pl.concat([people.with_columns(half=pl.lit(half)) for half in ("a", "b")])
    settings = {"all": {"trained": 1}, "none": {"trained": 0}}

    once = standardised_curves(
        cox(confounded, **columns), people, settings=settings, reference="none"
    )
    stratified = standardised_curves(
        cox(twice, **columns, strata=["half"]), everybody, settings=settings, reference="none"
    )

    assert stratified["estimate"].to_numpy() == pytest.approx(
        once["estimate"].to_numpy(), abs=CLOSE
    )
    assert stratified["std_error"].to_numpy() * np.sqrt(2) == pytest.approx(
        once["std_error"].to_numpy(), abs=CLOSE
    )


def test_resampled_persons_give_errors_to_curves_from_cox_fits(confounded):
    """The way out that the docstring names: errors near those of the discrete model of the same
    data.
    """
    people = confounded.head(1500).with_row_index("person")
    weights = replicate_weights(people["person"], seed=3, n_draws=40)
    month = pl.col("time") == 6
    profile = pl.DataFrame({"trained": [True]})

    draws = [
        predicted_curves(
            cox(
                people.with_columns(w=pl.Series(column)),
                time="months",
                event="ended",
                covariates=["trained"],
                weight="w",
            ),
            profile,
        )
        .filter(month, pl.col("cause") == "still_running")["estimate"]
        .item()
        for column in weights.T
    ]

    discrete = discrete_hazard(
        people,
        time="months",
        event="ended",
        covariates=["trained"],
        link="cloglog",
        band_starts=range(1, 7),
    )
    error = (
        predicted_curves(discrete, profile)
        .filter(month, pl.col("cause") == "still_running")["std_error"]
        .item()
    )
    assert np.std(draws, ddof=1) == pytest.approx(error, rel=MONTE_CARLO / np.sqrt(2 * len(draws)))
