"""Harrell's concordance: by hand, against every pair one by one, and against lifelines."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.utils import concordance_index

from evalkit import survival

EXACT = 1e-12
SPELL = {"time": "months", "event": "ended"}


def _spells(n, seed, *, n_months=12):
    rng = np.random.default_rng(seed)
    exposure = rng.normal(size=n).round(1)
    months = np.ceil(rng.exponential(n_months / 2 * np.exp(-0.5 * exposure))).clip(1, n_months)
    entry = np.minimum(rng.integers(0, 4, n), months - 1)
    return pl.DataFrame(
        {
            "months": months,
            "entered": entry.astype(float),
            "ended": rng.random(n) < 0.7,
            "exposure": exposure,
            "weight": rng.integers(1, 4, n).astype(float),
            "site": rng.choice(["a", "b"], n),
        }
    )


def _pair_by_pair(spells, score, *, entry=None, weight=None, strata=None):
    """Every pair of rows looked at once: concordant weight over all weight."""
    rows = spells.to_dicts()
    good = total = 0.0
    for i, leaver in enumerate(rows):
        if not leaver["ended"]:
            continue
        for j, other in enumerate(rows):
            is_later = other["months"] > leaver["months"] or (
                other["months"] == leaver["months"] and not other["ended"]
            )
            is_there = entry is None or other[entry] < leaver["months"]
            is_beside = strata is None or other[strata] == leaver[strata]
            if is_later and is_there and is_beside:
                counts = leaver[weight] * other[weight] if weight else 1.0
                total += counts
                good += counts * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
    return good / total


def test_concordance_by_hand():
    """Rows leave in months 1, 2 and 3, the fourth is censored in 2. Pairs: 1 against all three
    others, 2 against 3 and the fourth; higher x leaves first but for the pair of 2 and 3.
    """
    spells = pl.DataFrame(
        {"months": [1, 2, 3, 2], "ended": [True, True, True, False], "x": [3.0, 1.0, 2.0, 0.0]}
    )

    assert survival.cox(spells, **SPELL, covariates=["x"]).concordance == pytest.approx(4 / 5)


@pytest.mark.parametrize(
    "roles",
    [
        {},
        {"weight": "weight"},
        {"entry": "entered"},
        {"strata": ["site"]},
        {"entry": "entered", "weight": "weight", "strata": ["site"]},
    ],
)
def test_concordance_is_that_of_every_pair(roles):
    spells = _spells(80, 3)

    fit = survival.cox(spells, **SPELL, covariates=["exposure"], **roles)

    score = fit.terms["estimate"][0] * spells["exposure"].to_numpy()
    one_by_one = {name: value for name, value in roles.items() if name != "strata"}
    strata = roles.get("strata", [None])[0]
    assert fit.concordance == pytest.approx(
        _pair_by_pair(spells, score, strata=strata, **one_by_one), abs=EXACT
    )


@given(seed=st.integers(0, 10_000), n_months=st.sampled_from([3, 12, 200]))
def test_concordance_is_that_of_lifelines(seed, n_months):
    """lifelines knows neither weights nor delayed entry here, and counts ties as we do."""
    spells = _spells(150, seed, n_months=n_months)

    fit = survival.cox(spells, **SPELL, covariates=["exposure"])

    score = fit.terms["estimate"][0] * spells["exposure"].to_numpy()
    theirs = concordance_index(spells["months"].to_numpy(), -score, spells["ended"].to_numpy())
    assert fit.concordance == pytest.approx(theirs, abs=EXACT)


def test_a_weight_of_two_is_two_rows():
    spells = _spells(60, 5).with_columns(twice=pl.lit(2.0))

    weighted = survival.cox(spells, **SPELL, covariates=["exposure"], weight="twice")
    doubled = survival.cox(pl.concat([spells, spells]), **SPELL, covariates=["exposure"])

    assert weighted.concordance == pytest.approx(doubled.concordance, abs=EXACT)


def test_a_fit_says_its_concordance_and_fine_gray_has_none():
    spells = _spells(100, 1).with_columns(
        cause=pl.when("ended").then(
            pl.when(pl.col("exposure") > 0).then(pl.lit("a")).otherwise(pl.lit("b"))
        )
    )

    fit = survival.cox(spells, **SPELL, covariates=["exposure"])
    by_cause = survival.fine_gray(
        spells, time="months", event="cause", covariates=["exposure"], cause="a"
    )

    assert f"concordance {fit.concordance:.3f}" in fit.headline
    assert by_cause.concordance is None
    assert "concordance" not in by_cause.headline
