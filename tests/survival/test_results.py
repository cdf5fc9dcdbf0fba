"""What a fitted result shows of itself: short, with z, p and n, and as a picture."""

import polars as pl
import pytest
import statsmodels.api as sm

from evalkit import survival
from evalkit.errors import EstimationError
from evalkit.sketch import NOT_FOR_RELEASE

SPELLS = pl.DataFrame(
    {
        "months": [2, 4, 4, 6, 7, 9, 11, 12, 3, 8],
        "ended": [True, True, False, True, True, False, True, False, True, True],
        "group": ["a", "a", "a", "a", "a", "b", "b", "b", "b", "b"],
        "x": [1, 0, 1, 0, 1, 0, 1, 0, 0, 1],
    }
)
SPELL = {"time": "months", "event": "ended"}


def test_a_cox_fit_says_what_it_is_with_z_and_p():
    fit = survival.cox(SPELLS, **SPELL, covariates=["x"])
    [row] = fit.table.to_dicts()

    assert repr(fit).startswith("Hazard ratios: 10 spells, 7 ends; concordance 0.486; likelihood")
    assert len(repr(fit).splitlines()) < 10
    assert row["z"] == pytest.approx(row["estimate"] / row["std_error"])
    # The two-sided normal probability, as statsmodels gives it.
    other = sm.PHReg(
        SPELLS["months"].to_numpy(),
        SPELLS[["x"]].to_numpy().astype(float),
        status=SPELLS["ended"].cast(pl.Int8).to_numpy(),
        ties="efron",
    ).fit()
    assert row["p_value"] == pytest.approx(other.pvalues[0], abs=1e-6)
    assert "<table>" in fit._repr_html_() and "p_value" in fit._repr_html_()


def test_a_fit_without_errors_has_no_p():
    one_household = SPELLS.with_columns(one=pl.lit("H"))
    terms = survival.cox(one_household, **SPELL, covariates=["x"], cluster="one").table

    assert terms["std_error"].is_null().all() and terms["p_value"].is_null().all()


def test_a_group_test_says_its_result():
    shown = repr(survival.log_rank_test(SPELLS, **SPELL, group="group"))

    assert shown.startswith("Do groups differ? Chi-square ") and " on 1 df (p " in shown


def test_a_curve_is_drawn_with_a_line_for_each_group_and_is_not_for_release():
    curve = survival.kaplan_meier(SPELLS, **SPELL, by=["group"])
    sketch = survival.plot(curve, title="Still there", y_title="Share")

    written = sketch.chart.to_dict()
    lines = {row["curve"] for rows in written["datasets"].values() for row in rows}
    assert lines == {"a", "b"}
    assert written["title"] == {"text": "Still there", "subtitle": NOT_FOR_RELEASE}
    assert NOT_FOR_RELEASE in sketch.svg
    assert '<img alt="Still there"' in sketch._repr_html_()


def test_hazard_ratios_are_drawn_on_their_own_scale():
    fit = survival.cox(SPELLS, **SPELL, covariates=["x"])
    [drawn] = [
        rows
        for rows in fit.plot().chart.to_dict()["datasets"].values()
        if "hazard_ratio" in rows[0]
    ]

    assert drawn[0]["ci_lower"] < drawn[0]["hazard_ratio"] < drawn[0]["ci_upper"]


def test_families_of_curves_are_drawn_beside_what_was_observed():
    fitted = survival.parametric_curves(SPELLS, **SPELL, horizons=[24])

    drawn = fitted.plot().chart.to_dict()["datasets"].values()
    assert "observed" in {row["curve"] for rows in drawn for row in rows}


def test_what_is_neither_curve_nor_terms_is_refused_in_words():
    with pytest.raises(EstimationError, match="columns found: months, ended, group, x"):
        survival.plot(SPELLS)


def test_counts_at_risk_tell_who_is_there_and_leaves():
    counts = survival.tabulate_risk_set(SPELLS, **SPELL, by=["group"])

    assert counts.headline == "Counts of 10 spells, of which 7 end, in 2 groups at 9 times"
    assert counts.table.columns == ["group", "time", "n_at_risk", "n_event", "n_censored"]
    first = counts.table.filter(group="a", time=4).row(0, named=True)
    assert (first["n_at_risk"], first["n_event"], first["n_censored"]) == (4, 1, 1)
    assert NOT_FOR_RELEASE in counts.plot().svg
