"""The declarations of tables: what is refused, and what follows from them."""

import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.errors import DisclosureError, EvalkitError
from evalkit.line.columns import COLUMNS, Column, register
from evalkit.line.delivered import delivered
from evalkit.line.derived import DERIVED
from evalkit.line.documentation import documentation
from evalkit.line.published import PUBLISHED, guarded
from evalkit.line.table import Guard, Table
from evalkit.line.tables import published, table

ROOT = Path(__file__).parents[2]
GUARD = Guard("counts", "n_persons")
COUNTED = Table("counted", "One row per district.", ("district",), ("share",), guard=GUARD)


def test_a_published_table_without_a_guard_is_refused_by_file_and_name():
    with pytest.raises(DisclosureError) as refusal:
        guarded([COUNTED, Table("bare", "One row per district.", ("district",), ("share",))])

    assert refusal.value.what == "1 published table has no guard."
    assert refusal.value.where == "evalkit/line/published: bare"


def test_a_published_table_of_persons_is_refused():
    persons = Table(
        "lives", "One row per person.", ("person_id",), (), guard=GUARD, is_person_level=True
    )

    with pytest.raises(DisclosureError, match="lives"):
        guarded([persons])


def test_a_column_with_two_types_is_refused_by_file_and_name():
    columns = [COLUMNS["month"], Column("month", COLUMNS["start"].dtype, "months", "date")]

    with pytest.raises(EvalkitError) as refusal:
        register(columns)

    assert "The column month is declared twice." in str(refusal.value)
    assert refusal.value.where == "evalkit/line/columns.py: months and date"


def test_a_column_that_is_not_declared_is_refused_by_name():
    misspelt = Table("counted", "One row per district.", ("distrct",), ("share",))

    with pytest.raises(EvalkitError) as refusal:
        misspelt.empty()

    assert refusal.value.what == "The column distrct is not declared."
    assert refusal.value.where == 'evalkit/line/columns.py: did you mean "district"?'


def test_every_column_of_a_table_is_declared_and_every_declared_column_is_used():
    used = {name for one in (*DERIVED.values(), *PUBLISHED.values()) for name in one.schema}

    assert used == set(COLUMNS)


def test_no_derived_or_published_table_has_a_type_of_its_own():
    declared = (*DERIVED.values(), *PUBLISHED.values())

    assert [one.name for one in declared if one.other_types] == []


def test_one_name_alone_is_both_in_work_and_published():
    assert PUBLISHED.keys() & {*DERIVED, *delivered()} == {"effect_status"}
    assert table("effect_status") is DERIVED["effect_status"]
    assert published("effect_status") is PUBLISHED["effect_status"]


@pytest.mark.parametrize("find", [table, published])
def test_an_unknown_table_is_refused_with_the_nearest_name(find):
    with pytest.raises(EvalkitError, match='did you mean "effect_curves"'):
        find("effect_curvs")


def test_an_empty_table_has_keys_values_and_what_its_guard_reads():
    curves = published("group_curves").empty()

    assert curves.is_empty()
    assert curves.columns[:4] == ["district", "characteristic", "group", "month"]
    assert curves.columns[-2:] == ["ci_upper", "n_persons"]


def test_every_row_is_said_in_one_way():
    unsaid = [
        one.name
        for one in (*delivered().values(), *DERIVED.values())
        if not one.row.startswith(("One row per ", "As effect_")) or not one.row.endswith(".")
    ]

    assert unsaid == []


def test_the_page_of_tables_is_what_is_declared():
    assert (ROOT / "docs/tables.md").read_text(encoding="utf-8") == documentation(), (
        "run `evalkit tables`"
    )


def test_delivered_tables_are_found_from_any_folder(tmp_path):
    command = "from evalkit.line.tables import table; print(*table('livelihood').keys)"

    keys = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {command}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert keys == ["person_id", "start"]


def test_delivered_tables_are_found_in_an_installed_package(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", str(tmp_path)], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    command = "import evalkit; from evalkit.line.delivered import delivered"
    installed = tmp_path / "installed"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(installed)], check=True)

    shown = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(installed)!r}); {command}; "
            "print(evalkit.__file__, *delivered())",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert shown[0].startswith(str(installed))
    assert set(shown[1:]) == set(delivered())
