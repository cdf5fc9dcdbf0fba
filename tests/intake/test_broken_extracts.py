"""Broken extracts, one fault each: every fault gets its rule and line, and the clean extract
none.
"""

import runpy
import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from evalkit.errors import IntakeError
from evalkit.intake import admit

BROKEN = Path(__file__).parents[1] / "data/broken"
CONTRACTS = Path(__file__).parents[2] / "data_contracts"
EXPECTED = yaml.safe_load((BROKEN / "expected.yaml").read_text(encoding="utf-8"))
N_FAULTS_PROMISED = 25


@pytest.fixture
def admit_broken(tmp_path):
    """Admits the clean extract with a fault's files laid over it; WITHOUT names files that are
    taken away.
    """

    def run(fault: str):
        folder = tmp_path / "extract"
        shutil.copytree(BROKEN / "clean", folder)
        shutil.copytree(BROKEN / fault, folder, dirs_exist_ok=True)
        without = folder / "WITHOUT"
        if without.exists():
            for name in without.read_text(encoding="utf-8").split():
                (folder / name).unlink()
            without.unlink()
        through = date(2026, 12, 1) if fault.startswith("december") else date(2026, 6, 1)
        mapping = tmp_path / "mapping.yaml"
        codes = "{codes: {district: {'01': Norr}}}"
        mapping.write_text(
            f"source: a test\ntables: {{person: {codes}, income_support: {codes}}}\n",
            encoding="utf-8",
        )
        return admit(
            folder,
            CONTRACTS,
            districts=["Norr", "Söder"],
            first_month=date(2026, 1, 1),
            data_through=through,
            mapping=mapping,
            max_rejected_share=0.7,
        )

    return run


def test_there_are_as_many_faults_as_promised():
    assert len(EXPECTED) - 1 >= N_FAULTS_PROMISED


@pytest.mark.parametrize("fault", [name for name, said in EXPECTED.items() if "rejected" in said])
def test_a_fault_gets_its_rule_and_line(admit_broken, fault):
    rejected = admit_broken(fault).rejected.select("table", "rule", "line").sort("table", "line")

    assert [list(row) for row in rejected.rows()] == EXPECTED[fault]["rejected"]


@pytest.mark.parametrize("fault", [name for name, said in EXPECTED.items() if "stops" in said])
def test_a_fault_stops_the_intake_in_words(admit_broken, four_lines, fault):
    with pytest.raises(IntakeError) as caught:
        admit_broken(fault)

    assert EXPECTED[fault]["stops"] in str(caught.value)
    assert four_lines(caught.value)["fix"]


def test_the_script_makes_these_very_files(tmp_path):
    runpy.run_path(str(BROKEN / "make.py"))["main"](tmp_path)

    made = {
        path.relative_to(tmp_path): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    kept = {
        path.relative_to(BROKEN): path.read_bytes()
        for path in BROKEN.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert made == kept
