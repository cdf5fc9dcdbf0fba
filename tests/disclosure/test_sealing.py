import json

import polars as pl
import pytest

from evalkit.disclosure import protect_counts, publish, read_published
from evalkit.disclosure.sealing import as_unknown, with_earlier_rows
from evalkit.errors import DisclosureError


def _counts(exits, provenance, counts=("n_persons",)):
    return protect_counts(
        exits,
        name="exits",
        keys=["district", "exit"],
        counts=list(counts),
        n_persons="n_persons",
        **provenance,
    )


@pytest.fixture
def published(exits, provenance):
    return _counts(exits, provenance)


def _lines(caught):
    return str(caught.value).splitlines()


def test_publish_and_read_give_back_the_same_record(published, tmp_path):
    path = publish(published, tmp_path)

    back = read_published(tmp_path, "exits")
    assert path == tmp_path / "published" / "exits.parquet"
    assert back.data.equals(published.data)
    assert (back.keys, back.rules, back.n_suppressed, back.sha256) == (
        published.keys,
        published.rules,
        published.n_suppressed,
        published.sha256,
    )


def test_publish_writes_the_same_bytes_for_the_same_content(exits, provenance, published, tmp_path):
    again = protect_counts(
        exits.reverse(),
        name="exits",
        keys=["district", "exit"],
        counts=["n_persons"],
        n_persons="n_persons",
        **provenance,
    )

    first, second = publish(published, tmp_path / "a"), publish(again, tmp_path / "b")

    assert first.read_bytes() == second.read_bytes()
    assert first.with_suffix(".json").read_bytes() == second.with_suffix(".json").read_bytes()


def test_publish_leaves_no_temporary_file(published, tmp_path):
    publish(published, tmp_path)

    assert sorted(path.name for path in (tmp_path / "published").iterdir()) == [
        "exits.json",
        "exits.parquet",
    ]


def test_published_files_can_be_read_again_after_a_second_publish(published, tmp_path):
    publish(published, tmp_path)
    publish(read_published(tmp_path, "exits"), tmp_path)

    assert read_published(tmp_path, "exits").data.equals(published.data)


def test_publish_refuses_a_part_of_a_table(published, tmp_path):
    with pytest.raises(DisclosureError) as caught:
        publish(published.where(district="A"), tmp_path)

    lines = _lines(caught)
    assert lines[0] == "The table exits is not what disclosure control let through."
    assert lines[1] == "  where: published/exits.parquet"
    assert "Nothing was written" in lines[2]
    assert lines[3].startswith("  fix:   publish the whole table")
    assert not (tmp_path / "published").exists()


def test_publish_refuses_rows_changed_in_place(published, tmp_path):
    published.data.replace_column(3, pl.Series("n_persons", [1] * published.data.height))

    with pytest.raises(DisclosureError, match="not what disclosure control let through"):
        publish(published, tmp_path)


def test_read_refuses_changed_bytes(published, tmp_path):
    path = publish(published, tmp_path)
    published.data.with_columns(n_persons=pl.lit(3)).write_parquet(path)

    with pytest.raises(DisclosureError) as caught:
        read_published(tmp_path, "exits")

    lines = _lines(caught)
    assert lines[0] == "The published table exits does not match its record."
    assert lines[1].endswith("exits.json: checksum")
    assert "changed after disclosure control" in lines[2]
    assert lines[3].startswith("  fix:   run the notebook")


def test_read_refuses_a_table_without_a_record(published, tmp_path):
    publish(published, tmp_path).with_suffix(".json").unlink()

    with pytest.raises(DisclosureError) as caught:
        read_published(tmp_path, "exits")

    assert _lines(caught)[0] == "The table exits has not been published."
    assert "tables found: none" in _lines(caught)[2]


@pytest.mark.parametrize(
    "record", ["{}", "[]", "not json", json.dumps({"format": "another", "name": "exits"})]
)
def test_read_refuses_a_record_that_is_not_ours(published, tmp_path, record):
    publish(published, tmp_path).with_suffix(".json").write_text(record)

    with pytest.raises(DisclosureError) as caught:
        read_published(tmp_path, "exits")

    assert _lines(caught)[0] == "The record of exits was not written by disclosure control."
    assert (
        _lines(caught)[2]
        == "  why:   Without its record nobody can say which rules the table has passed."
    )


def test_read_refuses_a_renamed_pair(published, tmp_path):
    path = publish(published, tmp_path)
    path.rename(path.with_name("other.parquet"))
    path.with_suffix(".json").rename(path.with_name("other.json"))

    with pytest.raises(DisclosureError, match="The record of other belongs to another table"):
        read_published(tmp_path, "other")


def test_record_says_what_the_table_is(published, tmp_path):
    record = json.loads(publish(published, tmp_path).with_suffix(".json").read_text())

    assert record["rules"] == ["rounded:5"]
    assert record["n_rows"] == 8
    assert record["columns"]["row_id"] == "Int32"
    assert (record["unit"], record["source"], record["grade"]) == (
        "spells",
        "made up for this test",
        "L",
    )


def test_rows_of_some_districts_are_those_of_an_earlier_vintage(exits, provenance):
    earlier = _counts(exits.with_columns(pl.col("n_persons") + 10), provenance)
    now = _counts(exits, provenance)

    mixed = with_earlier_rows(now, earlier, ["A"])

    assert mixed.where(district="A").data.equals(earlier.where(district="A").data)
    assert mixed.sha256 not in (now.sha256, earlier.sha256)
    assert mixed.where(district="B").data.equals(now.where(district="B").data)
    assert mixed.data["row_id"].to_list() == list(range(8))


def test_rows_of_districts_that_an_earlier_vintage_did_not_have_are_left_out(exits, provenance):
    mixed = with_earlier_rows(_counts(exits, provenance), None, ["A"])

    assert mixed.data["district"].unique().to_list() == ["B"]


def test_rows_by_other_rules_make_no_table_together(exits, provenance):
    more = exits.with_columns(n_spells=pl.col("n_persons"))
    now, other = _counts(exits, provenance), _counts(more, provenance, ["n_persons", "n_spells"])

    with pytest.raises(DisclosureError, match="not made as it was in the earlier") as refused:
        with_earlier_rows(now, other, ["A"])

    assert refused.value.where == "published/exits: A"


def test_of_rows_of_another_month_nothing_is_known_beside_the_others(exits, provenance):
    unknown = as_unknown(_counts(exits, provenance), ["A"])

    assert unknown.where(district="A").data["n_persons"].null_count() == 4
    assert unknown.where(district="B").data["n_persons"].null_count() == 0
