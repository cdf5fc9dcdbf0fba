"""Discrete-time hazards against R (multinomial, logit and cloglog on person-months;
discrete_mvad).
"""

import polars as pl
import pytest

from evalkit.survival import discrete_hazard

COEFFICIENT = 1e-7
ROBUST = 1e-6
REGIONS = ["N.Eastern", "S.Eastern", "Southern", "Western"]
COVARIATES = ["prior_training", "male", "gcse5eq", "funemp", *REGIONS]
CAUSES = ["employment", "studies", "training"]
N_BANDS = 6
CASES = {
    "multinomial": {"link": "multinomial"},
    "multinomial_weighted": {"link": "multinomial", "weight": "weight"},
    "cloglog_any": {"link": "cloglog"},
    "logit_any": {"link": "logit"},
}


@pytest.fixture
def months_with_a_next(joblessness_spells) -> pl.DataFrame:
    """The last month of a censored spell has no next month: such a spell is followed one month
    less.
    """
    spells = joblessness_spells.with_columns(
        pl.col("length") - (~pl.col("any")).cast(pl.Int32)
    ).filter(pl.col("length") > 0)
    return spells.with_columns((pl.col("region") == region).alias(region) for region in REGIONS)


def by_term(rows: list, n_causes: int) -> list[float]:
    """R's covariate x outcome matrix, or vector, in our order: cause by cause."""
    columns = (
        [[row[cause] for row in rows] for cause in range(n_causes)]
        if isinstance(rows[0], list)
        else [rows]
    )
    return [number for column in columns for number in column]


@pytest.mark.parametrize("cluster", [None, "person_id"])
@pytest.mark.parametrize("case", CASES)
def test_discrete_hazard_agrees_with_r(case, cluster, months_with_a_next, reference, deviation):
    expected = reference("discrete_mvad")[case]
    n_causes = len(CAUSES) if "multinomial" in case else 1

    fit = discrete_hazard(
        months_with_a_next,
        time="length",
        event="exit",
        causes=CAUSES,
        covariates=COVARIATES,
        cluster=cluster,
        **CASES[case],
    )

    terms = fit.terms.with_columns(place=pl.int_range(pl.len()).over("cause"))
    # R codes later bands as differences from the first.
    baseline = (
        pl.when(pl.col("place").is_between(1, N_BANDS - 1))
        .then(pl.col("estimate").first().over("cause"))
        .otherwise(0.0)
    )
    terms = terms.with_columns(
        pl.col("estimate") - baseline, comparable=~pl.col("place").is_between(1, N_BANDS - 1)
    )
    errors = by_term(expected["se_cluster" if cluster else "se"], n_causes)
    errors = [error for error, kept in zip(errors, terms["comparable"], strict=True) if kept]
    assert deviation(terms["estimate"], by_term(expected["coef"], n_causes)) < COEFFICIENT
    assert deviation(terms.filter("comparable")["std_error"], errors) < (
        ROBUST if cluster else COEFFICIENT
    )
    assert fit.log_likelihood == pytest.approx(expected["loglik"], abs=COEFFICIENT)
    assert fit.n_months == 4306
