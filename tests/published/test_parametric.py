"""Weibull quantiles of the lung data as R's survreg gives them.

Source: T. Therneau, "Weibull distribution", R-help, 1 October 2008: survreg(Surv(time) ~ 1, data =
lung), intercept 5.819191, scale 0.681689, log likelihood -1509.6. The data ship with lifelines.
"""

import polars as pl
import pytest
from lifelines.datasets import load_lung

from evalkit import survival

QUANTILES = {0.05: 44.45340, 0.1: 72.61274, 0.5: 262.26181, 0.9: 594.51261, 0.95: 711.32731}
PARTS = 20  # a day is divided into so many, so that what is counted by part is all but exact
GROUPED = 2e-4  # the density times half a part, and where the fit stops


def test_weibull_shares_are_those_at_the_published_quantiles():
    days = pl.Series(load_lung()["time"].to_numpy())
    spells = pl.DataFrame(
        {"time": days * PARTS, "ended": True}, schema_overrides={"time": pl.Int64}
    )

    fitted = survival.parametric_curves(
        spells, time="time", event="ended", horizons=[800 * PARTS], families=["weibull"]
    )

    weibull = fitted.curves.filter(pl.col("family") == "weibull")["estimate"].to_numpy()
    left = {share: 1 - weibull[round(day * PARTS)] for share, day in QUANTILES.items()}
    assert left == pytest.approx({share: share for share in QUANTILES}, abs=GROUPED)
