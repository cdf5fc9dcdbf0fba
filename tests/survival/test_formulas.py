"""Formulas: the columns are formulaic's, and the estimates those that statsmodels makes of them."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from formulaic import model_matrix
from lifelines.datasets import load_rossi
from statsmodels.duration.hazard_regression import PHReg

from evalkit import survival
from evalkit.errors import EstimationError
from evalkit.survival.regression.design import design_of

SPELL = {"time": "week", "event": "arrest"}
# Rounding of the splines; and where statsmodels stops.
SAME_COLUMNS, SAME_ESTIMATES = 1e-12, 1e-6
FORMULAS = [
    "fin * age",
    "fin + C(race):age",
    "bs(age, df=4) + fin",
    "cr(age, df=3, constraints='center') + fin:mar",
    "fin + I(age**2) + log(age)",
    "poly(age, 2) + C(race)",
]


@pytest.fixture(scope="module")
def rossi():
    return load_rossi()


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_columns_are_those_of_formulaic(rossi, formula):
    expected = model_matrix(formula, rossi).drop(columns="Intercept")

    table, design = design_of(rossi, formula)

    assert list(design.names) == list(expected.columns)
    np.testing.assert_allclose(
        table.select(design.names).to_numpy(), expected.to_numpy(float), atol=SAME_COLUMNS
    )


@pytest.mark.parametrize("formula", FORMULAS)
def test_people_who_are_predicted_get_the_columns_of_the_fit(rossi, formula):
    table, design = design_of(rossi, formula)

    few = design.of(pl.from_pandas(rossi).tail(20))

    np.testing.assert_allclose(
        few.select(design.names).to_numpy(),
        table.tail(20).select(design.names).to_numpy(),
        atol=SAME_COLUMNS,
    )


@pytest.mark.parametrize("formula", FORMULAS)
def test_cox_by_formula_is_that_of_statsmodels(rossi, formula):
    design = model_matrix(formula, rossi).drop(columns="Intercept").to_numpy(float)
    ends = rossi["arrest"].to_numpy()
    other = PHReg(rossi["week"].to_numpy(), design, status=ends, ties="efron").fit(tol=1e-14)

    fit = survival.cox(rossi, **SPELL, covariates=formula)

    np.testing.assert_allclose(
        fit.terms["estimate"], other.params, rtol=SAME_ESTIMATES, atol=SAME_ESTIMATES
    )
    np.testing.assert_allclose(
        fit.terms["std_error"], other.bse, rtol=SAME_ESTIMATES, atol=SAME_ESTIMATES
    )


def test_monthly_chances_by_formula_are_those_of_statsmodels(rossi):
    formula = "bs(prio, df=3) + fin * mar"
    rows = rossi.loc[rossi.index.repeat(rossi["week"])].reset_index(drop=True)
    week = rows.groupby(rossi.index.repeat(rossi["week"])).cumcount() + 1
    bands = np.column_stack([week <= 13, (week > 13) & (week <= 26), week > 26]).astype(float)
    knots = rossi["prio"]
    # The spline's knots are those of the people, not of their weeks.
    spec = model_matrix(formula, rossi).model_spec
    columns = spec.get_model_matrix(rows).drop(columns="Intercept").to_numpy(float)
    ends = ((week == rows["week"]) & (rows["arrest"] == 1)).astype(float)
    design = np.column_stack([bands, columns])
    other = sm.GLM(ends, design, family=sm.families.Binomial()).fit(tol=1e-13)

    fit = survival.discrete_hazard(
        rossi, **SPELL, covariates=formula, link="logit", band_starts=(1, 14, 27)
    )

    assert knots.nunique() > 10
    np.testing.assert_allclose(
        fit.terms["estimate"], other.params, rtol=SAME_ESTIMATES, atol=SAME_ESTIMATES
    )
    np.testing.assert_allclose(
        fit.terms["std_error"], other.bse, rtol=SAME_ESTIMATES, atol=SAME_ESTIMATES
    )


def test_fine_gray_by_formula_is_that_of_the_columns_by_hand(rossi):
    causes = np.where(rossi["arrest"] == 1, np.where(rossi["wexp"] == 1, "a", "b"), None)
    table = pl.from_pandas(rossi).with_columns(ended=pl.Series(causes, dtype=pl.String))
    formula = "bs(age, df=4) + fin:mar"
    columns = pl.from_pandas(model_matrix(formula, rossi).drop(columns="Intercept"))
    by_hand = pl.concat([table, columns], how="horizontal")
    asked = {"time": "week", "event": "ended", "cause": "a"}

    one = survival.fine_gray(table, **asked, covariates=formula)
    two = survival.fine_gray(by_hand, **asked, covariates=columns.columns)

    np.testing.assert_allclose(one.terms["estimate"], two.terms["estimate"], atol=1e-9)
    np.testing.assert_allclose(one.terms["std_error"], two.terms["std_error"], atol=1e-9)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("bs(agee, df=3)", 'columns agee.*did you mean "age"'),
        ("fin + `prior arrests`", "columns prior arrests"),
        ("spline(age)", "1 function of a formula cannot be found.*spline"),
        ("fin + (", "A formula cannot be read"),
        ("cr(age, df=3)", r"terms cr\(age, df=3\)\[1\].*constraints=\"center\""),
        ("1", "names no column"),
    ],
)
def test_a_formula_that_cannot_be_used_is_refused_in_four_lines(rossi, formula, words):
    with pytest.raises(EstimationError, match=f"(?s){words}") as caught:
        survival.cox(rossi, **SPELL, covariates=formula)

    lines = str(caught.value).splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == ["where", "why", "fix"]


def test_a_spline_is_not_drawn_beyond_the_values_it_was_fitted_to(rossi):
    fit = survival.cox(rossi, **SPELL, covariates="bs(age, df=4)")
    older = pl.from_pandas(rossi).with_columns(age=pl.col("age") + 60)

    with pytest.raises(EstimationError, match="splines hold within the values"):
        survival.predicted_curves(fit, older.head(2))
