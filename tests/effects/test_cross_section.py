"""A logit and weights for people seen once: as statsmodels has them, and what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from formulaic import model_matrix

from evalkit import effects
from evalkit.errors import EstimationError

# statsmodels stops at gradients of about this size.
SAME = 1e-6
FORMULA = "bs(age, df=4) + C(school) * `years away`"


@pytest.fixture(scope="module")
def people():
    """Pandas, with a column whose name has a space."""
    rng = np.random.default_rng(7)
    n = 800
    age, away = rng.uniform(20, 60, n), rng.poisson(2, n).astype(float)
    school = rng.choice(["short", "middle", "long"], n)
    odds = -1 + 0.05 * (age - 40) - 0.3 * away + 0.8 * (school == "long")
    return pd.DataFrame(
        {
            "age": age,
            "school": school,
            "years away": away,
            "trained": (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int),
            "home": rng.integers(0, 200, n),
            "people": rng.integers(1, 4, n).astype(float),
        }
    )


def _statsmodels(people: pd.DataFrame, formula: str, **options):
    design = model_matrix(formula, people)
    family = sm.families.Binomial()
    weights = {"var_weights": people["people"]} if "cov_type" in options else {}
    return sm.GLM(people["trained"], design, family=family, **weights).fit(tol=1e-13, **options)


@pytest.mark.parametrize("formula", ["age + `years away`", "C(school):age", FORMULA])
def test_a_logit_is_that_of_statsmodels(people, formula):
    fit = effects.logit(people, outcome="trained", covariates=formula)
    other = _statsmodels(people, formula)

    assert fit.terms["term"].to_list()[1:] == list(other.params.index[1:])
    np.testing.assert_allclose(fit.terms["estimate"], other.params, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(fit.terms["std_error"], other.bse, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(fit.table["p_value"], other.pvalues, atol=SAME)
    assert fit.log_likelihood == pytest.approx(other.llf, abs=SAME)
    assert fit.log_likelihood_null == pytest.approx(other.llnull, abs=SAME)
    np.testing.assert_allclose(fit.predict(people), other.fittedvalues, atol=SAME)
    assert fit.headline.startswith(f"Log odds: 800 rows, {people['trained'].sum()} of them true")


def test_errors_by_cluster_with_weights_are_those_of_statsmodels(people):
    fit = effects.logit(
        people, outcome="trained", covariates=["age"], weight="people", cluster="home"
    )
    by_home = {"groups": people["home"], "use_correction": False}
    other = _statsmodels(people, "age", cov_type="cluster", cov_kwds=by_home)

    np.testing.assert_allclose(fit.terms["estimate"], other.params, atol=SAME)
    np.testing.assert_allclose(fit.terms["std_error"], other.bse, atol=SAME)


def test_weights_by_a_formula_are_those_of_its_columns(people):
    columns = model_matrix(FORMULA, people).drop(columns="Intercept")
    by_column = pd.concat([people[["trained"]], columns], axis=1)

    one = effects.propensity_weights(people, treatment="trained", covariates=FORMULA)
    two = effects.propensity_weights(by_column, treatment="trained", covariates=list(columns))

    np.testing.assert_allclose(one["weight"], two["weight"], rtol=1e-9)
    assert one.columns == [*people.columns, "propensity", "weight"]


REFUSED = {
    "a misspelt outcome": ({"outcome": "trainned"}, 'column "trainned".*did you mean "trained"'),
    "an unknown name in a spline": (
        {"covariates": "bs(agee, df=4)"},
        'columns agee.*did you mean "age"',
    ),
    "an unknown function": ({"covariates": "ns(age, df=4)"}, "1 function.*ns.*bs and cr"),
    "two parts": ({"covariates": "age | school"}, "cannot be read.*without \\|"),
    "codes": ({"outcome": "people"}, 'column "people": holds other values than true and false'),
    "one kind": (
        {"outcome": "always"},
        'the same in all rows.*column "always": true in 800 of 800',
    ),
    "separation": ({"covariates": ["age", "told"]}, "does not settle.*where: term told"),
    "collinear": (
        {"covariates": ["age", "twice", "years away"]},
        "do not tell their effects apart.*terms age, twice$",
    ),
    "missing": ({"covariates": ["gone"]}, 'cannot be used.*column "gone": missing in 3 rows'),
    "a missing outcome": ({"outcome": "half"}, 'column "half": missing in 2 rows'),
    "negative weights": ({"weight": "minus"}, 'column "minus": negative in 800 rows'),
    "one level": ({"covariates": ["name"]}, "one level only.*columns name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_fitted_is_refused_in_four_lines(people, case):
    changes, words = REFUSED[case]
    table = pl.from_pandas(people).with_columns(
        always=pl.lit(True),
        told=pl.col("trained"),
        twice=2 * pl.col("age") - 3,
        gone=pl.when(pl.int_range(pl.len()) > 2).then("age"),
        half=pl.when(pl.int_range(pl.len()) > 1).then("trained"),
        minus=-pl.col("people"),
        name=pl.lit("x"),
    )

    with pytest.raises(EstimationError, match=f"(?sm){words}") as caught:
        effects.logit(table, **{"outcome": "trained", "covariates": ["age"], **changes})

    lines = str(caught.value).splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == ["where", "why", "fix"]
