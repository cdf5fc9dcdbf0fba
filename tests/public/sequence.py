"""Monthly extracts of one simulated city: its whole register, cut at one month after the other, and
what each would have published, exactly and to the nearest five.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from evalkit.intake import admit_bare
from evalkit.months import add_months
from evalkit.params import RunFile
from evalkit.public.changed_people import digest_of
from evalkit.simulate import load_city, write_city
from evalkit.spells import build_spells, exit_counts

ROOT = Path(__file__).parents[2]
FIRST, LAST = date(2013, 1, 1), date(2021, 12, 1)
KEY = b"sequence" * 4
# Of each dated table: when a row becomes known, and what is not yet known if it lies later.
_BEGINS = {
    "income_support": "month",
    "household_member": "month",
    "livelihood": "start",
    "participation": "start",
    "assessment": "date",
    "follow_up": "date",
    "plan": "date",
}
_ENDS = {"livelihood": ("end",), "participation": ("end", "end_reason")}


@dataclass(frozen=True)
class Extract:
    """What is known at the end of a month: the exact table of ends of support, the digest of those
    whose facts have changed, and one that any further row of the register changes.
    """

    month: date
    exits: pl.DataFrame
    spells: pl.DataFrame
    digest: pl.DataFrame
    rows: pl.DataFrame


def register_of(folder: Path, *, n_people: int, seed: int) -> dict[str, pl.DataFrame]:
    """The admitted tables of a whole simulated city."""
    city = load_city("demo_city", ROOT / "params" / "cities")
    write_city(city, folder, seed=seed, n_people=n_people)
    mapping = ROOT / "data_contracts" / "mappings" / "simulated_city.yaml"
    return dict(admit_bare(folder, ROOT / "data_contracts", mapping=mapping).tables)


def extracts_of(register: dict[str, pl.DataFrame], months: list[date]) -> list[Extract]:
    """One extract for each month."""
    return [_extract(cut(register, month), month) for month in months]


def cut(register: dict[str, pl.DataFrame], month: date) -> dict[str, pl.DataFrame]:
    """The register as it stood at the end of a month."""
    tables = dict(register)
    for name, begins in _BEGINS.items():
        rows = register[name].filter(pl.col(begins) < add_months(month, 1))
        if name in _ENDS:
            ends, *told = _ENDS[name]
            is_known = pl.col(ends) <= month
            rows = rows.with_columns(pl.when(is_known).then(pl.col(c)) for c in (ends, *told))
        tables[name] = rows
    known = tables["household_member"]["person_id"].unique()
    tables["person"] = register["person"].filter(pl.col("person_id").is_in(known.implode()))
    for name in ("livelihood", "participation"):
        tables[name] = tables[name].filter(pl.col("person_id").is_in(known.implode()))
    return tables


def last_months(n_months: int) -> list[date]:
    """The last months of the city, the earliest first."""
    return [add_months(LAST, -back) for back in reversed(range(n_months))]


def _extract(tables: dict[str, pl.DataFrame], month: date) -> Extract:
    params = RunFile.model_validate(
        {
            "run": "sequence",
            "title": {"en": "Sequence", "sv": "Följd"},
            "districts": sorted(tables["person"]["district"].unique()),
            "seed": 1,
            "extract": {"folder": ".", "first_month": FIRST, "data_through": month},
        }
    )
    built = build_spells(tables, params)
    rested_on = {"person": tables["person"], **built}
    return Extract(
        month,
        exit_counts(built["support_spells"]),
        built["support_spells"],
        digest_of(rested_on, KEY),
        _digest_of_rows(tables),
    )


def _digest_of_rows(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The same of all admitted rows: a further month of payment changes it."""
    home = tables["person"].select("person_id", "district")
    paid = tables["household_member"].join(
        tables["income_support"], on=["household_id", "month"], how="left"
    )
    counted = [
        rows.group_by("person_id").len().rename({"len": name})
        for name, rows in (
            ("paid", paid),
            *((n, tables[n]) for n in ("livelihood", "participation")),
        )
    ]
    for rows in counted:
        home = home.join(rows, on="person_id", how="left")
    facts = pl.concat_str(pl.exclude("person_id", "district").fill_null(0), separator=" ")
    return home.select(person="person_id", district="district", facts=facts)
