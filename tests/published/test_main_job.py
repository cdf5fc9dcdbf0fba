"""The main job's own tables, from the delivered files through intake and spells, against R survival
(spells_mvad, multistate_mvad).
"""

from pathlib import Path

import polars as pl
import pytest

from evalkit import effects, intake, params, records, spells, survival

RUN_FILE = Path(__file__).parents[2] / "params" / "northern_ireland.yaml"
TOLERANCE = 1e-10  # both sides are double precision sums over some hundred terms
OF_R = {"work": "employment", "studies": "studies", "training": "training"}
REGIONS = ["Belfast", "N.Eastern", "S.Eastern", "Southern", "Western"]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> params.Run:
    return params.Run(
        run_dir=tmp_path_factory.mktemp("run"),
        run_file=RUN_FILE,
        params=records.load(RUN_FILE, params.RunFile),
    )


@pytest.fixture(scope="module")
def admission(run) -> intake.Admission:
    return intake.admit_run(run)


@pytest.fixture(scope="module")
def built(run, admission) -> dict[str, pl.DataFrame]:
    return spells.build_spells(admission.tables, run.params)


def test_everything_delivered_is_admitted(admission):
    totals = admission.receipt.filter(pl.col("rule") == "all")

    assert totals["n_rejected"].sum() == 0
    assert dict(totals.select("table", "n_accepted").iter_rows()) == {
        "person": 712,
        "income_support": 4399,
        "household_member": 4399,
        "livelihood": 2526,
        "participation": 299,
        "intervention": 1,
    }


def test_spells_end_as_published(built):
    exits = spells.exit_counts(built["support_spells"]).filter(pl.col("district") == "all")

    assert dict(exits.select("exit", "n_spells").iter_rows()) == {
        "work": 182,
        "studies": 168,
        "training": 64,
        "still_on_support": 93,
    }
    assert built["support_spells"]["person_id"].n_unique() == 342


def test_exit_curves_of_all_spells_equal_r(built, reference, deviation):
    expected = reference("spells_mvad")["all_spells"]["cif"]

    curves = survival.aalen_johansen(built["support_spells"], time="months", event="exit")

    assert _exits_differ_by(curves, expected, deviation) < TOLERANCE


@pytest.mark.parametrize("region", REGIONS)
def test_exit_curves_of_first_spells_by_area_equal_r_with_errors_by_person(
    built, region, reference, deviation
):
    expected = reference("spells_mvad")["first_spell_by_region"][region]["cif"]
    first = built["support_spells"].filter(
        (pl.col("spell_no") == 1) & (pl.col("district") == region)
    )

    curves = survival.aalen_johansen(first, time="months", event="exit", cluster="person_id")

    assert _exits_differ_by(curves, expected, deviation) < TOLERANCE


def test_first_spells_are_342(built):
    assert built["support_spells"].filter(pl.col("spell_no") == 1).height == 342


def test_spells_running_at_the_first_month_began_then_since_everybody_had_left_school(built):
    spells_1993 = built["support_spells"].filter(
        pl.col("start") == records.load(RUN_FILE, params.RunFile).extract.first_month
    )

    assert spells_1993.height == 185
    assert built["support_spells"]["is_start_known"].all() and spells_1993["entry"].max() == 0


def test_state_shares_equal_the_observed_shares_of_r(built, reference, deviation):
    observed = reference("multistate_mvad")["observed_share_by_month"]
    shares = survival.state_shares(
        spells.of_city(built["state_intervals"]), built["support_spells"]
    )
    groups = {
        "work": ["employment"],
        "support": ["joblessness"],
        "training": ["training"],
        "studies": ["school", "FE", "HE"],
    }

    for state, members in groups.items():
        columns = [observed["states"].index(member) for member in members]
        expected = [sum(month[column] for column in columns) for month in observed["unweighted"]]
        ours = shares.filter(pl.col("state") == state).sort("month")["estimate"]
        assert deviation(ours, expected) < TOLERANCE


def test_starters_from_joblessness_are_few_in_most_areas(run, admission, built):
    protocol = effects.load_protocols(run)[0]
    people = effects.PersonTables(
        built["support_spells"],
        built["episodes"],
        built["state_intervals"],
        admission.tables["person"],
        run.params.extract.first_month,
    )

    started = people.trials(protocol).rows.filter(pl.col("arm") == "treated")

    counts = dict(started["district"].value_counts().iter_rows())
    assert counts == {"Belfast": 13, "N.Eastern": 5, "S.Eastern": 3, "Southern": 5, "Western": 4}


def _exits_differ_by(curves: pl.DataFrame, expected: dict, deviation) -> float:
    largest = 0.0
    for cause, name in OF_R.items():
        column = expected["states"].index(name)
        curve = curves.filter(pl.col("cause") == cause, pl.col("time").is_in(expected["time"]))
        largest = max(
            largest, deviation(curve["estimate"], [row[column] for row in expected["pstate"]])
        )
        largest = max(
            largest, deviation(curve["std_error"], [row[column] for row in expected["se_ij"]])
        )
    return largest
