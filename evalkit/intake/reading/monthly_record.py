"""The official monthly record of income support: tab-separated text without column names, lines
ended by CRLF, one line per household and month.

Fields: 1 Ar, 2 Manad, 3 Kommun (4 digits), 4 Distrikt (2, only the three largest cities), 5 Barn15,
6 Sbel (whole SEK), then number, status, refugee, foreign background, sex (1 man, 2 woman) and age
of the applicant (7-12) and of the co-applicant (13-18), and the numbers of further persons (19-).
December is sent as a file of the whole year, which takes the place of the months sent before. The
record as authorities hold it carries personnummer and never passes gate 1: its numbers are replaced
by pseudonyms first. Source: Socialstyrelsen, Postbeskrivning (record description), as read
second-hand (grade M).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError, first_few
from evalkit.intake.reading.csv_reader import decode, lines_of
from evalkit.intake.reading.delivered import FILE, IS_WHOLE, LINE, NO_LINES, Delivered
from evalkit.intake.reading.record_layout import FIELDS, N_REQUIRED, PREFIX, SUFFIXES, misplaced

# Lines looked at to tell whether a record has the layout.
_N_SAMPLED = 2000
_SEX = {"1": "male", "2": "female"}
# What a record is written from; a number may be of any width.
_WRITTEN: dict[str, dict[str, type[pl.DataType] | None]] = {
    "person": {"person_id": pl.String, "sex": pl.String, "birth_year": None},
    "income_support": {
        "household_id": pl.String,
        "month": pl.Date,
        "district": pl.String,
        "n_children": None,
        "amount": None,
    },
    "household_member": {
        "household_id": pl.String,
        "person_id": pl.String,
        "month": pl.Date,
        "role": pl.String,
    },
}
_ASSUMPTION = (
    "official monthly record; household named after its applicant, district is the record's "
    "district or else its municipality, "
    "year of birth is year less age; status, refugee and foreign background are not read in"
)


def is_monthly_record(path: Path) -> bool:
    """Whether a file has the name of a monthly record: monthly_record*.txt or .tsv."""
    return path.stem.startswith(PREFIX) and path.suffix.lower() in SUFFIXES


def read_monthly_records(paths: Sequence[Path]) -> dict[str, tuple[Delivered, ...]]:
    """The tables person, income_support and household_member of one or more monthly records.

    A person's row comes from the first month in which the person is named.

    Raises
    ------
    IntakeError
        If a file is no text, or holds no line with the record's fields.
    """
    files = {path: _records(path) for path in paths}
    known = {"income_support": _payments, "household_member": _members}
    tables = {
        table: tuple(_delivered(path, make(rows)) for path, rows in files.items())
        for table, make in known.items()
    }
    persons = (
        pl.concat([_persons(rows) for rows in files.values()])
        .sort("_month", FILE, LINE)
        .unique("person_id", keep="first")
    )
    people = [
        (path, persons.filter(pl.col(FILE) == path.name).drop("_month").sort(LINE))
        for path in files
    ]
    return {**tables, "person": tuple(_delivered(path, rows) for path, rows in people)}


def refuse_other_layout(path: Path, lines: Sequence[Sequence[str]]) -> None:
    """Refuse a record whose fields stand elsewhere than in the layout that is read here.

    Parameters
    ----------
    path : path
        The record.
    lines : sequence of sequence of str
        The fields of its lines, or of some of them.

    Raises
    ------
    IntakeError
        Naming the fields that do not look like themselves.
    """
    fields = misplaced(lines)
    if fields:
        raise IntakeError(
            "A monthly record has another layout than the one that is read here.",
            where=f"{path.name}: {first_few(fields, 6)}",
            why="In most lines these fields do not hold what the layout has in their place. The "
            "layout has changed over the years, and fields taken for others would be wrong "
            "without showing it. Nothing was read in.",
            fix="deliver the record in the layout of evalkit/intake/reading/record_layout.py, or "
            "its payments and persons as tables of their own.",
        )


def write_monthly_record(
    tables: Mapping[str, pl.DataFrame],
    path: Path | str,
    *,
    months: Sequence[date],
    municipality: str,
    district_codes: Mapping[str, str] | None = None,
) -> Path:
    """Write admitted tables as a monthly record; for December give all twelve months of the year.

    Parameters
    ----------
    tables : mapping
        person, income_support and household_member.
    months : sequence of date
        The months to write, as their first days.
    municipality : str
        Four digits.
    district_codes : mapping, optional
        Two characters by district; without it the field stays empty.

    Raises
    ------
    IntakeError
        If the tables are not as admitted, the municipality is not four digits, or a household has
        no applicant in a month.
    """
    _refuse_not_admitted(tables)
    records = _records_of(tables, months, dict(district_codes or {}))
    n_without = records.filter(pl.col("person_1").is_null()).height
    if n_without or not (len(municipality) == 4 and municipality.isdigit()):
        raise IntakeError(
            "A monthly record cannot be written.",
            where=f"municipality of {len(municipality)} characters; {n_without} households without "
            "an applicant (role lead)",
            why="The record names its municipality by four digits and each household by its "
            "applicant.",
            fix="give the municipality's code, and tables in which each household has a lead.",
        )
    fields = [
        pl.lit(municipality) if name == "municipality" else pl.col(name).fill_null("")
        for name in FIELDS
    ]
    others = (
        pl.when(pl.col("others").list.len() > 0)
        .then("\t" + pl.col("others").list.join("\t"))
        .otherwise(pl.lit(""))
    )
    lines = (
        records.select(pl.concat_str(fields, separator="\t") + others.fill_null(""))
        .to_series()
        .to_list()
    )
    path = Path(path)
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
    return path


def _refuse_not_admitted(tables: Mapping[str, pl.DataFrame]) -> None:
    lacking = [
        f"{table}: {name}"
        for table, columns in _WRITTEN.items()
        for name, dtype in columns.items()
        if table not in tables or not _fits(tables[table].schema.get(name), dtype)
    ]
    if lacking:
        raise IntakeError(
            "A monthly record cannot be written from these tables.",
            where=f"columns missing or of another type: {first_few(lacking, 8)}",
            why="The record is written from tables that have passed intake: months are dates and "
            "amounts numbers.",
            fix="admit the extract first (evalkit.intake.admission.admit) and hand on its tables.",
        )


def _fits(found: pl.DataType | None, wanted: type[pl.DataType] | None) -> bool:
    return found is not None and (found.is_numeric() if wanted is None else found == wanted)


def _records(path: Path) -> pl.DataFrame:
    data, _ = decode(path)
    parts = pl.col("text").str.strip_suffix("\r").str.split("\t")
    rows = lines_of(data).filter(pl.col("text").str.strip_chars() != "").with_columns(parts=parts)
    is_whole = pl.col("parts").list.len() >= N_REQUIRED
    if not rows.select(is_whole.any()).item():
        raise IntakeError(
            "A monthly record could not be read.",
            where=path.name,
            why=f"No line of it holds the {N_REQUIRED} fields of the record, separated by tabs. "
            "Nothing was read in.",
            fix="deliver the record as the authority receives it, with pseudonyms for its numbers "
            "and without column names.",
        )
    sampled = rows.filter(is_whole)["parts"].gather_every(rows.height // _N_SAMPLED + 1)
    refuse_other_layout(path, sampled.to_list())
    fields = [
        _filled(pl.col("parts").list.get(i, null_on_oob=True)).alias(name)
        for i, name in enumerate(FIELDS)
    ]
    others = (
        pl.col("parts")
        .list.slice(len(FIELDS))
        .list.eval(_filled(pl.element()))
        .list.drop_nulls()
        .alias("others")
    )
    rows = rows.select(
        pl.col("line").alias(LINE),
        pl.lit(path.name).alias(FILE),
        is_whole.alias(IS_WHOLE),
        *fields,
        others,
    )
    return rows.with_columns(
        household_id="H-" + pl.col("person_1"),
        month=pl.concat_str(
            [pl.col("year"), pl.lit("-"), pl.col("month").str.zfill(2), pl.lit("-01")]
        ),
        district=pl.coalesce("district", "municipality"),
    )


def _filled(text: pl.Expr) -> pl.Expr:
    text = text.str.strip_chars()
    return pl.when(text != "").then(text)


def _payments(rows: pl.DataFrame) -> pl.DataFrame:
    currency = pl.when(pl.col("amount").is_not_null()).then(pl.lit("SEK")).alias("currency")
    return rows.select(
        "household_id", "month", "district", "amount", currency, "n_children", LINE, FILE, IS_WHOLE
    )


def _members(rows: pl.DataFrame) -> pl.DataFrame:
    line_columns = ["household_id", "month", LINE, FILE, IS_WHOLE]
    adults = [
        rows.select(*line_columns, pl.col(column).alias("person_id"), pl.lit(role).alias("role"))
        for column, role in (("person_1", "lead"), ("person_2", "co_applicant"))
    ]
    children = rows.explode("others").select(
        *line_columns, pl.col("others").alias("person_id"), pl.lit("child").alias("role")
    )
    members = pl.concat([*adults, children])
    # A line that is not whole stays once, so that it is counted and set aside.
    return members.filter(
        pl.col("person_id").is_not_null() | (~pl.col(IS_WHOLE) & (pl.col("role") == "lead"))
    ).sort(LINE)


def _persons(rows: pl.DataFrame) -> pl.DataFrame:
    adults = [
        rows.select(
            pl.col(f"person_{i}").alias("person_id"),
            "district",
            (
                pl.col("year").cast(pl.Int32, strict=False)
                - pl.col(f"age_{i}").cast(pl.Int32, strict=False)
            )
            .cast(pl.String)
            .alias("birth_year"),
            pl.col(f"sex_{i}").replace(_SEX).alias("sex"),
            *(LINE, FILE, IS_WHOLE),
            pl.col("month").alias("_month"),
        )
        for i in (1, 2)
    ]
    nothing = pl.lit(None, pl.String)
    children = rows.explode("others").select(
        pl.col("others").alias("person_id"),
        "district",
        nothing.alias("birth_year"),
        nothing.alias("sex"),
        LINE,
        FILE,
        IS_WHOLE,
        _month="month",
    )
    return pl.concat([*adults, children]).filter(pl.col("person_id").is_not_null())


def _delivered(path: Path, cells: pl.DataFrame) -> Delivered:
    return Delivered(path, cells, NO_LINES, has_decimal_comma=False, assumption=_ASSUMPTION)


def _records_of(
    tables: Mapping[str, pl.DataFrame], months: Sequence[date], district_codes: dict[str, str]
) -> pl.DataFrame:
    members = tables["household_member"].filter(pl.col("month").is_in(list(months)))
    members = members.join(
        tables["person"].select("person_id", "sex", "birth_year"), on="person_id", how="left"
    )
    payments = tables["income_support"].filter(pl.col("month").is_in(list(months)))
    keys = ["household_id", "month"]
    sexes = {sex: code for code, sex in _SEX.items()}
    for i, role in ((1, "lead"), (2, "co_applicant")):
        age = (pl.col("month").dt.year() - pl.col("birth_year")).cast(pl.String)
        adults = members.filter(pl.col("role") == role).select(
            *keys,
            pl.col("person_id").alias(f"person_{i}"),
            pl.col("sex").replace(sexes).alias(f"sex_{i}"),
            age.alias(f"age_{i}"),
        )
        payments = payments.join(
            adults.unique(keys, keep="first", maintain_order=True), on=keys, how="left"
        )
    children = (
        members.filter(pl.col("role") == "child")
        .group_by(keys)
        .agg(pl.col("person_id").sort().alias("others"))
    )
    empty = [
        pl.lit("").alias(f"{name}_{i}") for i in (1, 2) for name in ("status", "refugee", "foreign")
    ]
    return (
        payments.join(children, on=keys, how="left")
        .sort("month", "household_id")
        .select(
            pl.col("month").dt.strftime("%Y").alias("year"),
            pl.col("district").replace_strict(district_codes, default="", return_dtype=pl.String),
            pl.col("n_children").cast(pl.String),
            pl.col("amount").round(0).cast(pl.Int64).cast(pl.String),
            *[f"{name}_{i}" for i in (1, 2) for name in ("person", "sex", "age")],
            *empty,
            "others",
            pl.col("month").dt.strftime("%m"),
        )
    )
