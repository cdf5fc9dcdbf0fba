"""Tables, ends and covariates as others have them: the same numbers as from polars with names."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from lifelines import CoxPHFitter
from lifelines.datasets import load_rossi

from evalkit import survival
from evalkit.errors import EstimationError

SPELL = {"time": "week", "event": "arrest"}
FORMULA = "fin + C(race) + age:fin + bs(prio, df=4)"


@pytest.fixture(scope="module")
def rossi():
    """Pandas, with ends of 0 and 1, as lifelines hands it over."""
    return load_rossi()


@pytest.mark.parametrize("dtype", [int, float, bool])
def test_ends_of_0_and_1_may_be_numbers_of_any_type(rossi, dtype):
    told = rossi.assign(arrest=rossi["arrest"].astype(dtype))

    assert survival.kaplan_meier(told, **SPELL).equals(survival.kaplan_meier(rossi, **SPELL))


@pytest.mark.parametrize("kind", ["pandas", "arrow", "polars"])
def test_a_table_of_any_kind_gives_the_same_curve(rossi, kind):
    ours = pl.from_pandas(rossi).with_columns(pl.col("arrest") == 1)
    table = {"pandas": rossi, "arrow": pa.Table.from_pandas(rossi), "polars": pl.from_pandas(rossi)}

    curve = survival.kaplan_meier(table[kind], **SPELL, by=["fin"])

    assert curve.equals(survival.kaplan_meier(ours, **SPELL, by=["fin"]))


def test_a_lazy_table_may_hold_ends_of_0_and_1(rossi):
    table = pl.from_pandas(rossi)

    assert survival.kaplan_meier(table.lazy(), **SPELL)["estimate"].equals(
        survival.kaplan_meier(table, **SPELL)["estimate"]
    )


def test_a_formula_gives_what_lifelines_gives(rossi):
    fit = survival.cox(rossi, **SPELL, covariates=FORMULA)
    # lifelines stops a little before the maximum if it is not asked to go on.
    to_the_end = {"precision": 1e-12, "r_precision": 1e-14}
    other = CoxPHFitter().fit(rossi, "week", "arrest", formula=FORMULA, fit_options=to_the_end)

    assert list(fit.design.names) == list(other.params_.index)
    np.testing.assert_allclose(fit.terms["estimate"], other.params_, atol=1e-6)
    np.testing.assert_allclose(fit.terms["std_error"], other.standard_errors_, atol=1e-6)


def test_categories_are_compared_with_their_first_level(rossi):
    names = {0: "other", 1: "black"}
    worded = rossi.assign(race=rossi["race"].map(names), fin=rossi["fin"].astype(bool))
    fit = survival.cox(worded, **SPELL, covariates=["fin", "race"])
    by_number = survival.cox(
        rossi.assign(race=1 - rossi["race"]), **SPELL, covariates=["fin", "race"]
    )

    assert fit.design.names == ("fin", "race: other")
    np.testing.assert_allclose(fit.terms["estimate"], by_number.terms["estimate"], atol=1e-12)


def test_an_enum_says_which_level_comes_first(rossi):
    order = pl.Enum(["other", "black"])
    worded = pl.from_pandas(rossi).with_columns(
        race=pl.col("race").replace_strict({0: "other", 1: "black"}, return_dtype=order)
    )

    assert survival.cox(worded, **SPELL, covariates=["race"]).design.names == ("race: black",)


def test_people_are_predicted_by_the_design_of_the_fit(rossi):
    worded = rossi.assign(race=rossi["race"].map({0: "other", 1: "black"}))
    by_formula = survival.cox(worded, **SPELL, covariates="fin + race + age")
    by_names = survival.cox(worded, **SPELL, covariates=["fin", "race", "age"])
    settings = {"all other": {"race": "other"}, "with aid": {"fin": 1}}

    one, two = (
        survival.standardised_curves(fit, worded, settings=settings)
        for fit in (by_formula, by_names)
    )

    np.testing.assert_allclose(one["estimate"], two["estimate"], atol=1e-9)
    assert one["setting"].unique(maintain_order=True).to_list() == list(settings)


def test_a_formula_of_monthly_chances_gives_what_statsmodels_design_gives(rossi):
    grouped = rossi.assign(age=(rossi["age"] > 25).astype(int))
    by_formula = survival.discrete_hazard(
        grouped, **SPELL, covariates="fin * age", link="logit", band_starts=(1, 14, 27)
    )
    by_hand = survival.discrete_hazard(
        grouped.assign(both=grouped["fin"] * grouped["age"]),
        **SPELL,
        covariates=["fin", "age", "both"],
        link="logit",
        band_starts=(1, 14, 27),
    )

    np.testing.assert_allclose(by_formula.terms["estimate"], by_hand.terms["estimate"], atol=1e-9)


REFUSED = {
    "arrays": (lambda t: t.to_numpy(), {}, "spells is not a table.*numpy.ndarray"),
    "codes": (lambda t: t.assign(arrest=t["arrest"] + 1), {}, "numbers other than 0 and 1.*arrest"),
    "none as a cause": (
        lambda t: t.assign(arrest=np.where(t["arrest"] == 1, "arrest", "none")),
        {"cause": "arrest"},
        'look.* like the word for no end.*column "arrest".*missing cause means censored',
    ),
    "unknown name": (lambda t: t, {"covariates": "fin + agee"}, 'columns agee.*did you mean "age"'),
    "syntax": (lambda t: t, {"covariates": "fin + ("}, "A formula cannot be read.*fin \\+ \\("),
    "one level": (lambda t: t.assign(race="x"), {"covariates": ["race"]}, "one level only.*race"),
    "a sum of others": (
        lambda t: t.assign(both=t["fin"] + t["mar"]),
        {"covariates": ["age", "fin", "mar", "both"]},
        "do not tell their effects apart.*where: terms fin, mar, both$",
    ),
    "separating": (
        lambda t: t.assign(told=t["arrest"]),
        {"covariates": ["age", "told"]},
        "does not settle.*where: term told",
    ),
    "missing": (
        lambda t: t.assign(age=pd.Series([None, *t["age"][1:]])),
        {"covariates": "fin + age"},
        '1 covariate cannot be used.*column "age": missing in 1 rows',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_in_four_lines(rossi, case):
    made, changes, words = REFUSED[case]

    with pytest.raises(EstimationError, match=f"(?sm){words}") as caught:
        survival.cox(made(rossi), **SPELL, **{"covariates": ["fin"], **changes})

    assert [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]] == [
        *("where", "why", "fix"),
    ]


def test_a_level_that_the_model_does_not_know_is_refused(rossi):
    worded = rossi.assign(race=rossi["race"].map({0: "other", 1: "black"}))
    fit = survival.cox(worded, **SPELL, covariates=["race"])

    with pytest.raises(EstimationError, match="levels that the model knows"):
        survival.predicted_curves(fit, pl.DataFrame({"race": ["unheard of"]}))
