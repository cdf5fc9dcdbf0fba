"""Models of support spells as tables that say on how many persons they rest."""

import numpy as np
import polars as pl
import pytest

from evalkit.errors import EstimationError
from evalkit.survival import (
    cox_exit_terms,
    exit_hazard_terms,
    exit_hazards,
    exit_rows,
    hazard_drift,
    standardised_exits,
)

COVARIATES = ["female", "grammar"]


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    rng = np.random.default_rng(5)
    n = 600
    people = pl.DataFrame(
        {
            "person_id": [f"P-{number}" for number in range(n)],
            "sex": rng.choice(["female", "male"], n).tolist(),
            "grammar": rng.integers(0, 2, n),
        }
    )
    spells = people.select("person_id", cluster_id="person_id").with_columns(
        district=pl.Series(rng.choice(["north", "south"], n).tolist()),
        months=pl.Series(rng.integers(1, 10, n)),
        exit=pl.Series(rng.choice(["work", "studies", ""], n).tolist()).replace({"": None}),
        entry=pl.lit(0),
        is_start_known=pl.Series(rng.random(n) < 0.9),
    )
    return exit_rows(spells, people, covariates=COVARIATES)


def test_rows_are_spells_with_a_known_start_and_numbers_as_covariates(rows):
    assert 500 < rows.height < 600
    assert set(rows["female"].unique()) == {0, 1}


def test_missing_covariates_are_refused_with_their_names_and_numbers(four_lines):
    people = pl.DataFrame(
        {
            "person_id": list("abcd"),
            "sex": ["male", None, "female", "male"],
            "grammar": [1, None, None, 0],
        }
    )
    spells = people.select(
        "person_id",
        cluster_id="person_id",
        district=pl.lit("north"),
        months=3,
        entry=0,
        exit=pl.lit("work"),
    )

    with pytest.raises(EstimationError) as refusal:
        exit_rows(spells.with_columns(is_start_known=True), people, covariates=COVARIATES)

    what, where, _, fix = four_lines(refusal.value)
    assert what == "2 of 4 spells lack a covariate."
    assert where == '"female" 1, "grammar" 2'
    assert "leave these covariates out" in fix


def test_spells_of_told_beginning_are_at_risk_from_when_they_are_seen(rows):
    late = rows.with_columns(entry=pl.when(pl.col("months") > 4).then(2).otherwise(0))

    terms, early = (
        cox_exit_terms(table, covariates=COVARIATES).sort("exit", "term") for table in (late, rows)
    )

    assert (terms["hazard_ratio"] - early["hazard_ratio"]).abs().min() > 1e-4


def test_hazard_ratios_rest_on_the_fewer_persons(rows):
    terms = cox_exit_terms(rows, covariates=COVARIATES)

    women = rows.filter(pl.col("exit") == "work")["female"].sum()
    men = (rows["exit"] == "work").sum() - women
    row = terms.filter(exit="work", term="female")
    assert row["n_persons"].item() == min(women, men)
    assert row["ci_lower"].item() < row["hazard_ratio"].item() < row["ci_upper"].item()


def test_drift_and_monthly_chances_say_on_how_many_persons_they_rest(rows):
    drift = hazard_drift(rows, covariates=["female"])
    chances = exit_hazard_terms(exit_hazards(rows, covariates=["female"], band_starts=(1, 5)), rows)

    early = rows.filter(pl.col("exit") == "work", pl.col("months") < 5).height
    assert drift["term"].unique().sort().to_list() == ["all terms", "female"]
    assert chances.filter(exit="work", term="months 1-4")["n_persons"].item() == early
    assert drift["n_persons"].null_count() + chances["n_persons"].null_count() == 0


def test_standardised_shares_are_given_at_the_months_asked_for(rows):
    fit = exit_hazards(rows, covariates=COVARIATES, band_starts=(1, 5))
    settings = {"all": {"grammar": 1}, "none": {"grammar": 0}}

    table = standardised_exits(fit, rows, settings=settings, months=[3, 6])
    gap = standardised_exits(fit, rows, settings=settings, months=[6], reference="none")

    assert table.select("setting", "exit", "month").height == 2 * 2 * 2
    shares = table.filter(exit="work", month=6)["estimate"]
    assert gap.filter(exit="work")["estimate"].item() == pytest.approx(
        shares[0] - shares[1], abs=1e-12
    )
    assert gap["n_persons"].min() > 20


@pytest.mark.parametrize("model", [cox_exit_terms, hazard_drift])
def test_exit_models_without_an_exit_are_refused(model, rows, four_lines):
    with pytest.raises(EstimationError) as refusal:
        model(rows.with_columns(exit=pl.lit(None, pl.String)), covariates=COVARIATES)

    assert four_lines(refusal.value)[0] == "Nobody has left support."
