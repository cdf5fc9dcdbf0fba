"""The counted tables of a run, by hand numbers of Northern Ireland, each with what gate 2
looks at.
"""

from pathlib import Path

import polars as pl
import pytest

from evalkit.errors import EstimationError
from evalkit.line.protocols import load_protocol
from evalkit.line.tables import published
from evalkit.params import RunFile
from evalkit.records import load
from evalkit.spells import build_spells, spell_counts

RUN_FILE = Path(__file__).parents[2] / "params" / "northern_ireland.yaml"


def about(outcome):
    """The protocol of Northern Ireland with another primary outcome."""
    protocol = load_protocol(RUN_FILE.parent / "protocols/training.yaml", n_months=72)
    return protocol.model_copy(update={"primary_outcome": outcome})


@pytest.fixture(scope="module")
def counted(northern_ireland):
    params = load(RUN_FILE, RunFile)
    return spell_counts(northern_ireland, build_spells(northern_ireland, params), params)


def test_every_counted_table_has_the_columns_of_its_declaration(counted):
    missing = {
        name: set(published(name).schema) - set(table.columns) for name, table in counted.items()
    }

    assert {name for name, columns in missing.items() if columns} == set()


def test_every_month_of_northern_ireland_has_one_state_and_one_source(counted):
    assert counted["timeline_faults"]["n_faults"].sum() == 0
    assert counted["livelihood_collisions"].is_empty()


def test_states_of_northern_ireland_all_come_from_the_livelihood(counted):
    shares = dict(counted["state_sources"].select("source", "share").iter_rows())

    assert shares == {
        "livelihood": 1.0,
        "payment": 0.0,
        "exit_reason": 0.0,
        "end_reason": 0.0,
        "unknown": 0.0,
        "all": 1.0,
    }


def test_effects_are_refused_where_what_people_do_off_support_is_mostly_unknown(
    northern_ireland, four_lines
):
    params = load(RUN_FILE, RunFile)
    silent = northern_ireland | {
        "livelihood": northern_ireland["livelihood"].with_columns(state=pl.lit("unknown"))
    }

    with pytest.raises(EstimationError) as refusal:
        build_spells(silent, params, protocols=[about("work")])

    what, where, why, fix = four_lines(refusal.value)
    assert what == "What people do off support is unknown for 100 % of the months."
    # 712 people in 72 months, less the 4 399 months that were paid: those are support, whatever the
    # livelihood says.
    assert f"{712 * 72 - 4399:,} of {712 * 72 - 4399:,} person-months" in where
    assert "At most 50 %" in why and "livelihood" in fix


@pytest.mark.parametrize(
    ("outcomes", "max_unknown_share"),
    [((), 0.5), (("without_support",), 0.5), (("work",), 1.0), (("any_work",), 1.0)],
    ids=["no effects", "without support", "a wider limit", "a wider limit for any work"],
)
def test_support_alone_is_described_where_states_are_unknown(
    northern_ireland, outcomes, max_unknown_share
):
    params = load(RUN_FILE, RunFile)
    wider = {"spells": params.spells.model_copy(update={"max_unknown_share": max_unknown_share})}
    silent = northern_ireland | {"livelihood": northern_ireland["livelihood"].clear()}

    built = build_spells(
        silent, params.model_copy(update=wider), protocols=[about(one) for one in outcomes]
    )

    months = (
        built["state_intervals"]
        .group_by("from_state")
        .agg((pl.col("stop_month") - pl.col("start_month")).sum())
        .sort("from_state")
    )
    assert months.rows() == [("support", 4399), ("unknown", 712 * 72 - 4399)]


def test_episodes_of_northern_ireland_are_its_299_training_spells_each_followed_up_once(counted):
    gaps, plans = counted["gaps_after_interventions"], counted["plans_kept"]
    ended = gaps.filter((pl.col("intervention_id") == "all") & (pl.col("ended_by") == "all"))[
        "n_episodes"
    ].item()

    assert (
        plans.filter((pl.col("intervention_id") == "all") & (pl.col("plan") == "all"))[
            "n_episodes"
        ].item()
        == 299
    )
    assert ended == 299 - 8


def test_exits_to_work_of_northern_ireland_are_followed_by_work_or_by_another_state(counted):
    rows = counted["after_support"].filter(
        (pl.col("district") == "all") & (pl.col("measure") == "sustained_work")
    )
    spells = dict(rows.select("answer", "n_spells").iter_rows())

    # 182 spells ended in work; those of the last three months are not followed so far.
    assert 170 <= spells["all"] <= 182
    assert 0 < spells["yes"] < spells["all"] and spells["unknown"] == 0
