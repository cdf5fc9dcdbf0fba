"""A small clean extract in every test's hands, and what is asked of every error."""

import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from evalkit.intake import Admission, admit

sys.path.insert(0, str(Path(__file__).parent))
CONTRACTS = Path(__file__).parents[2] / "data_contracts"

SMALL_EXTRACT = {
    "person": ["person_id,district,sex", "P-1,Norr,female", "P-2,Norr,male", "P-3,Söder,female"],
    "income_support": [
        "household_id,month,district,amount,currency",
        "H-1,2026-01-01,Norr,9500.50,SEK",
        "H-1,2026-02-01,Norr,,",
        "H-3,2026-02-01,Söder,8000,SEK",
    ],
    "household_member": [
        "household_id,person_id,month,role",
        "H-1,P-1,2026-01-01,lead",
        "H-1,P-2,2026-01-01,co_applicant",
        "H-1,P-1,2026-02-01,lead",
        "H-3,P-3,2026-02-01,lead",
    ],
    "intervention": [
        "intervention_id,name,kind,planned_months",
        "work_training,Work training,training,6",
    ],
    "participation": [
        "person_id,intervention_id,start,end",
        "P-1,work_training,2026-01-12,2026-03-02",
        "P-3,work_training,2026-02-01,",
    ],
    "livelihood": [
        "person_id,start,end,state",
        "P-1,2026-01-01,2026-03-01,support",
        "P-1,2026-03-01,,work",
        "P-2,2026-01-01,2026-02-01,support",
        "P-3,2026-02-01,,support",
    ],
}


class SmallExtract:
    """A folder with a small extract that a test can spoil, and its admission."""

    def __init__(self, folder: Path):
        self.folder = folder
        for table, lines in SMALL_EXTRACT.items():
            self.write(table, lines)

    def write(self, table: str, lines: list[str], *, encoding: str = "utf-8") -> Path:
        """Write a table's lines anew."""
        path = self.folder / f"{table}.csv"
        path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
        return path

    def add(self, table: str, *lines: str) -> None:
        """Write a table with further lines at its end."""
        self.write(table, [*SMALL_EXTRACT[table], *lines])

    def admit(self, **changes) -> Admission:
        """Admit the folder; half of the rows may be set aside unless the test says otherwise."""
        arguments = {
            "districts": ["Norr", "Söder"],
            "first_month": date(2026, 1, 1),
            "data_through": date(2026, 6, 1),
            "max_rejected_share": 0.5,
        }
        return admit(self.folder, CONTRACTS, **{**arguments, **changes})


@pytest.fixture
def extract(tmp_path) -> SmallExtract:
    folder = tmp_path / "extract"
    folder.mkdir()
    return SmallExtract(folder)


@pytest.fixture
def contracts_folder() -> Path:
    return CONTRACTS


@pytest.fixture
def rejections():
    """Rejected rows as (table, rule, line), in order."""

    def read(admission: Admission) -> list[tuple[str, str, int]]:
        return admission.rejected.select("table", "rule", "line").sort(pl.all()).rows()

    return read


@pytest.fixture
def four_lines():
    """The four lines of an error by name: what, where, why, fix."""

    def read(error: Exception) -> dict[str, str]:
        what, where, why, fix = str(error).split("\n")
        assert (
            where.startswith("  where: ")
            and why.startswith("  why:   ")
            and fix.startswith("  fix:   ")
        )
        return {"what": what, "where": where[9:], "why": why[9:], "fix": fix[9:]}

    return read
