"""What has moved since the report before: from what both runs published, and what differs between
them.
"""

import json

import polars as pl
import pytest

from evalkit.disclosure import protect_estimates, publish
from evalkit.economics import since_last
from evalkit.line.columns import schema_of
from evalkit.line.published import PUBLISHED
from evalkit.params import Run, RunFile

MAY, JUNE = "2026-05-00000005", "2026-06-00000006"
RUN_FILE = {
    "run": "city",
    "title": {"sv": "Stad", "en": "City"},
    "districts": ["North"],
    "seed": 1,
    "extract": {"folder": "extract", "first_month": "2020-01", "data_through": "2026-06"},
}
COACHING = {"district": "all", "intervention_id": "coaching"}


def table(name, *rows):
    """A published table from a few columns of its rows, each about a hundred people."""
    declared = PUBLISHED[name]
    columns = [*declared.keys, *declared.values]
    data = pl.DataFrame(
        [{column: row.get(column) for column in columns} for row in rows],
        schema=schema_of(*columns),
    )
    return protect_estimates(
        data.with_columns(n_guarded=pl.lit(100)),
        name=name,
        keys=list(declared.keys),
        values=list(declared.values),
        n_persons="n_guarded",
        unit=declared.unit,
        source="made up for this test",
        grade="L",
    )


def tables(*, people=1000, starts=40.0, society=9000.0, advice="keep", n_persons=100):
    return {
        "people": table(
            "people",
            {"district": "all", "measure": "persons_with_support", "count": people},
            {"district": "North", "measure": "persons_with_support", "count": 1},
        ),
        "offers": table("offers", COACHING | {"n_starts": starts, "n_persons": n_persons}),
        "value_parts": table(
            "value_parts",
            *(
                COACHING
                | {"estimand": "e", "perspective": whose, "part": "total", "estimate": amount}
                for whose, amount in (("society", society), ("district", -1.0))
            ),
        ),
        "advice": table("advice", COACHING | {"advice": advice}),
    }


@pytest.fixture
def before(tmp_path):
    """The folder of the run of May, as readers saw it."""
    run = Run(
        run_dir=tmp_path / MAY,
        run_file=tmp_path / "city.yaml",
        params=RunFile.model_validate(
            RUN_FILE | {"extract": {**RUN_FILE["extract"], "data_through": "2026-05"}}
        ),
        versions={"evalkit": "1", "evalkit_source": "a"},
        inputs={"extract/person.csv": "old", "value.price_book/book.yaml": "old"},
    )
    run.run_dir.mkdir()
    for published in tables().values():
        publish(published, run.run_dir)
    (run.run_dir / "run.json").write_text(json.dumps(run.model_dump(mode="json")))
    return run


def after(before, published, **changes):
    """The run of June, which has published these tables."""
    for table in published.values():
        publish(table, before.run_dir.with_name(JUNE))
    return before.model_copy(
        update={
            "run_dir": before.run_dir.with_name(JUNE),
            "params": RunFile.model_validate(RUN_FILE),
            "previous": MAY,
            "inputs": {**before.inputs, "extract/person.csv": "new"},
            **changes,
        }
    )


def test_numbers_and_advice_stand_beside_those_of_the_report_before(before):
    now = tables(people=1010, starts=45.0, society=9600.0, advice="expand")

    moved = since_last(after(before, now))

    rows = {row["measure"]: row for row in moved.iter_rows(named=True)}
    assert {name: (row["before"], row["after"]) for name, row in rows.items()} == {
        "persons_with_support": (1000.0, 1010.0),
        "starts": (40.0, 45.0),
        "society": (9000.0, 9600.0),
        "advice": (None, None),
    }
    assert (rows["advice"]["advice_before"], rows["advice"]["advice_after"]) == ("keep", "expand")
    assert {str(row["data_through"]) for row in rows.values()} == {"2026-05-01"}


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({}, "data"),
        ({"inputs": {"extract/person.csv": "old", "value.price_book/book.yaml": "new"}}, "prices"),
        ({"versions": {"evalkit": "2", "evalkit_source": "b"}}, "data_method"),
    ],
)
def test_what_differs_between_the_runs_is_named(before, changes, cause):
    run = after(before, tables(), **changes)
    if cause == "prices":
        run = run.model_copy(update={"params": before.params})

    assert set(since_last(run)["cause"]) == {cause}


def test_the_first_report_is_compared_with_none(before):
    moved = since_last(after(before, tables(), previous=""))

    assert moved.is_empty()


def test_an_intervention_that_only_one_of_them_has_has_one_side(before):
    now = {"people": tables()["people"]}

    moved = since_last(after(before, now)).filter(measure="society")

    assert moved.select("before", "after").row(0) == (9000.0, None)
