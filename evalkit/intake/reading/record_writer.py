"""Admitted tables as a monthly record of payments and, for what its layout has no field for,
records of households and of persons beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError, first_few
from evalkit.ids import rows_with_personal_numbers
from evalkit.intake.reading.monthly_record import NAMED_AFTER
from evalkit.intake.reading.record_layout import (
    OF_HOUSEHOLD,
    OF_MEMBER,
    PREFIX,
    SUFFIXES,
    RecordLayout,
)

# What a record is written from; a number may be of any width.
_NEEDED: dict[str, dict[str, type[pl.DataType] | None]] = {
    "person": {"person_id": pl.String},
    "income_support": {
        "household_id": pl.String,
        "month": pl.Date,
        "district": pl.String,
        "amount": None,
    },
    "household_member": {
        "household_id": pl.String,
        "person_id": pl.String,
        "month": pl.Date,
        "role": pl.String,
    },
}
_IF_THERE = {
    "person": {"sex": pl.String, "birth_year": pl.Int32},
    "income_support": {
        "n_children": pl.Int32,
        "household_type": pl.String,
        "exit_reason": pl.String,
        "decision": pl.String,
        "currency": pl.String,
    },
    "household_member": dict.fromkeys(OF_MEMBER, pl.String),
}
_CURRENCY, _SUPPORT = "SEK", "support"
_KEYS = ["household_id", "month"]


@dataclass(frozen=True)
class WrittenRecord:
    """What was written: the files, the record of payments first, and the lines of each;
    n_members_left_out : rows of members whose household was not paid in the month.
    n_decisions_left_out : payments by other decisions than support (advances, recoveries).
    """

    n_lines: dict[Path, int]
    n_members_left_out: int
    n_decisions_left_out: int

    @property
    def path(self) -> Path:
        """The record of payments."""
        return next(iter(self.n_lines))


def write_monthly_record(
    tables: Mapping[str, pl.DataFrame],
    path: Path | str,
    *,
    months: Sequence[date],
    municipality: str | Mapping[str, str],
    layouts: Sequence[RecordLayout],
    district_codes: Mapping[str, str] | None = None,
) -> WrittenRecord:
    """Write admitted tables as a monthly record; for December give all twelve months of the year.

    Parameters
    ----------
    tables : mapping
        person, income_support and household_member.
    path : path
        The record of payments, monthly_record*.txt; records beside it stand beside it.
    months : sequence of date
        The months to write, as their first days.
    municipality : str or mapping of str
        Four digits, or these by district where districts are municipalities.
    layouts : sequence of RecordLayout
        One of payments, one of households and one of persons.
    district_codes : mapping, optional
        Two characters by district; without it the field stays empty.

    Raises
    ------
    IntakeError
        If the tables are not as admitted, hold a personal number, or hold what a field of the
        record does not take; nothing is written then.
    """
    path = Path(path)
    by_kind = {layout.holds: layout for layout in layouts}
    _refuse_not_admitted(tables)
    _refuse_name(path)
    wanted = {name: _with_optional(tables[name], name) for name in _NEEDED}
    paid, members = (
        wanted[name].filter(pl.col("month").is_in(list(months)))
        for name in ("income_support", "household_member")
    )
    is_support = pl.col("decision").fill_null(_SUPPORT) == _SUPPORT
    n_others, paid = paid.filter(~is_support).height, paid.filter(is_support)
    unpaid = members.join(paid, on=_KEYS, how="anti").height
    members = members.join(paid, on=_KEYS, how="semi").join(
        wanted["person"], on="person_id", how="left", maintain_order="left"
    )
    codes = _codes(paid["district"].unique().to_list(), municipality, district_codes)
    _refuse_unwritable(paid, members)
    records = _records(paid, members).join(codes, on="district", how="left")
    records = records.with_columns(district="district_code").sort("month", "household_id")
    main = by_kind["payments"]
    files = {path: _lines(records, main)}
    for kind, rows in (
        ("households", _beside_households(records, main)),
        ("persons", _beside_persons(records, members, main)),
    ):
        if not rows.is_empty():
            name = f"{PREFIX}_{kind}{path.stem.removeprefix(PREFIX)}{path.suffix}"
            files[path.with_name(name)] = _lines(rows, by_kind[kind])
    for file, lines in files.items():
        file.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
    return WrittenRecord({file: len(lines) for file, lines in files.items()}, unpaid, n_others)


def with_measures(household_member: pl.DataFrame, participation: pl.DataFrame) -> pl.DataFrame:
    """Members with their municipal measures of each month, where they have none: the interventions
    in which they took part that month, as codes with a space between them.

    Parameters
    ----------
    household_member, participation : DataFrame
        Admitted tables.
    """
    months = household_member.select("person_id", "month").unique()
    after = pl.col("month").dt.offset_by("1mo")
    taking_part = (
        months.join(
            participation.select("person_id", "intervention_id", "start", "end"), on="person_id"
        )
        .filter(pl.col("start") < after, (pl.col("end") > pl.col("month")).fill_null(True))
        .group_by("person_id", "month")
        .agg(_taking_part=pl.col("intervention_id").unique().sort().str.join(" "))
    )
    joined = household_member.join(
        taking_part, on=["person_id", "month"], how="left", maintain_order="left"
    )
    own = [pl.col("measures")] if "measures" in household_member.columns else []
    return joined.with_columns(measures=pl.coalesce(*own, "_taking_part")).drop("_taking_part")


def _refuse_not_admitted(tables: Mapping[str, pl.DataFrame]) -> None:
    lacking = [
        f"{table}: {name}"
        for table, columns in _NEEDED.items()
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


def _refuse_name(path: Path) -> None:
    if path.stem.startswith(PREFIX) and path.suffix in SUFFIXES:
        return
    raise IntakeError(
        "A monthly record has another name.",
        where=path.name,
        why="By its name intake knows a record, and which of its layouts it has.",
        fix=f"call it {PREFIX}_2026.txt or the like.",
    )


def _with_optional(table: pl.DataFrame, name: str) -> pl.DataFrame:
    optional = _IF_THERE[name]
    absent = [
        pl.lit(None, kind).alias(column)
        for column, kind in optional.items()
        if column not in table.columns
    ]
    return table.with_columns(absent).select(*_NEEDED[name], *optional)


def _codes(
    districts: Sequence[str],
    municipality: str | Mapping[str, str],
    district_codes: Mapping[str, str] | None,
) -> pl.DataFrame:
    """The codes of each district: district, municipality, district_code."""
    by_district = (
        dict.fromkeys(districts, municipality) if isinstance(municipality, str) else municipality
    )
    codes = pl.DataFrame(
        [(name, by_district.get(name), (district_codes or {}).get(name)) for name in districts],
        schema={"district": pl.String, "municipality": pl.String, "district_code": pl.String},
        orient="row",
    )
    lacking = codes.filter(
        pl.col("municipality").is_null()
        | (pl.col("district_code").is_null() if district_codes else pl.lit(False))
    )
    unknown = {*(() if isinstance(municipality, str) else municipality), *(district_codes or ())}
    unknown -= set(districts)
    if lacking.is_empty() and not unknown:
        return codes
    raise IntakeError(
        "The codes of the record do not name the districts that paid.",
        where=f"without a code: {first_few(sorted(lacking['district']), 6) or 'none'}; named and "
        f"not there: {first_few(sorted(unknown), 6) or 'none'}",
        why="A line without its code would belong to nobody.",
        fix="give a code for each district that paid in these months, and for no other.",
    )


def _refuse_unwritable(paid: pl.DataFrame, members: pl.DataFrame) -> None:
    leads = members.filter(role="lead").group_by(_KEYS).len()
    n_leads = paid.join(leads, on=_KEYS, how="left")["len"].fill_null(0)
    ids = pl.concat([members["person_id"], members["household_id"]]).unique()
    faults = {
        "households and months without an applicant (role lead)": int((n_leads == 0).sum()),
        "households and months with several applicants": int((n_leads > 1).sum()),
        "ids that look like a personal number": len(rows_with_personal_numbers(ids)),
        "ids that a record takes for a code (up to four digits)": int(
            ids.str.contains(r"^[0-9]{0,4}$").sum()
        ),
        f"payments in another currency than {_CURRENCY}": int(
            (paid["currency"].fill_null(_CURRENCY) != _CURRENCY).sum()
        ),
        "households and months that are paid more than once": paid.height
        - paid.select(_KEYS).n_unique(),
    }
    found = [f"{n:,} {what}" for what, n in faults.items() if n]
    if found:
        raise IntakeError(
            "A monthly record cannot be written.",
            where="; ".join(found),
            why="The record has one line for each household and month, which it names by the "
            "pseudonym of its one applicant. Nothing was written.",
            fix="give tables in which each household has one lead and ids are pseudonyms.",
        )


def _records(paid: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """One row per household and month, its fields as text; `district` is the district's name."""
    members = members.sort("household_id", "month", "person_id")
    of_adult = [*OF_MEMBER, "sex"]
    for i, role in ((1, "lead"), (2, "co_applicant")):
        age = (pl.col("month").dt.year() - pl.col("birth_year")).cast(pl.String)
        adults = (
            members.filter(role=role)
            .unique(_KEYS, keep="first", maintain_order=True)
            .select(
                *_KEYS,
                pl.col("person_id").alias(f"person_{i}"),
                *(pl.col(name).alias(f"{name}_{i}") for name in of_adult),
                age.alias(f"age_{i}"),
            )
        )
        paid = paid.join(adults, on=_KEYS, how="left")
    heads = paid.select(*_KEYS, "person_1", "person_2")
    others = (
        members.join(heads, on=_KEYS, how="left")
        .filter(~_is_named())
        .group_by(_KEYS)
        .agg(others=pl.col("person_id").sort())
    )
    amount = pl.col("amount").round(0).cast(pl.Int64).cast(pl.String)
    return paid.join(others, on=_KEYS, how="left").with_columns(
        amount=amount, n_children=pl.col("n_children").cast(pl.String)
    )


def _is_named() -> pl.Expr:
    """Whether a member is the applicant or the co-applicant of the record."""
    second = pl.col("person_id").eq(pl.col("person_2")).fill_null(False)
    return pl.col("person_id").eq(pl.col("person_1")) | second


def _beside_households(records: pl.DataFrame, main: RecordLayout) -> pl.DataFrame:
    """What the record of payments has no field for, of households that have it."""
    left = [name for name in OF_HOUSEHOLD if not main.has(name)]
    is_own = pl.col("household_id") != NAMED_AFTER + pl.col("person_1")
    own = pl.when(is_own).then("household_id")
    rows = records.select(
        "month",
        "municipality",
        "person_1",
        *((own if name == "household_id" else pl.col(name)).alias(name) for name in left),
    )
    return rows.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in left))


def _beside_persons(
    records: pl.DataFrame, members: pl.DataFrame, main: RecordLayout
) -> pl.DataFrame:
    """What the record of payments has no field for, of members who have it: of further persons
    it has the number alone.
    """
    heads = records.select(*_KEYS, "municipality", "person_1", "person_2")
    rows = members.join(heads, on=_KEYS, how="left")
    further = ~_is_named()
    fields = {
        "role": pl.when(further & (pl.col("role") != "child")).then("role"),
        **{
            name: pl.when(further).then(name) if main.has(name) else pl.col(name)
            for name in OF_MEMBER
        },
        "sex": pl.when(further).then("sex"),
        "birth_year": pl.when(further).then(pl.col("birth_year").cast(pl.String)),
    }
    said = rows.select(
        *("month", "municipality", pl.col("person_id").alias("person")),
        *(made.alias(name) for name, made in fields.items()),
    )
    return said.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in fields)).sort(
        "month", "person"
    )


def _lines(rows: pl.DataFrame, layout: RecordLayout) -> list[str]:
    """The rows as lines of a layout."""
    dated = rows.with_columns(
        year=pl.col("month").dt.strftime("%Y"), month=pl.col("month").dt.strftime("%m")
    )
    at = {one.position: one for one in layout.fields}
    cells = {
        one.field: pl.col(one.field).replace({ours: code for code, ours in one.codes.items()})
        if one.field in dated.columns
        else pl.lit(None, pl.String)
        for one in layout.fields
    }
    written = dated.select(**cells, others="others" if layout.persons_from else None)
    _refuse_unfit(written, layout)
    n_fields = layout.persons_from - 1 if layout.persons_from else max(at)
    fields = [
        pl.col(at[place].field).fill_null("") if place in at else pl.lit("")
        for place in range(1, n_fields + 1)
    ]
    line = pl.concat_str(fields, separator=layout.separator)
    if layout.persons_from:
        further = pl.col("others").list.join(layout.separator)
        line += (
            pl.when(pl.col("others").list.len() > 0)
            .then(layout.separator + further)
            .otherwise(pl.lit(""))
            .fill_null("")
        )
    return written.select(line).to_series().to_list()


def _refuse_unfit(written: pl.DataFrame, layout: RecordLayout) -> None:
    unfit = {
        one.field: int((~_looks(written[one.field], one.form)).sum())
        for one in layout.fields
        if one.form
    }
    found = [f"{name} ({n:,} lines)" for name, n in unfit.items() if n]
    if found:
        raise IntakeError(
            "What the tables hold does not fit the fields of the record.",
            where=f"layout {layout.layout}: {', '.join(found)}",
            why="A field that does not look as the layout has it would be taken for another. "
            "Nothing was written.",
            fix="mend the values, or the form of the field in the layout file.",
        )


def _looks(cells: pl.Series, form: str) -> pl.Series:
    """Whether cells are empty or look as a field does."""
    return cells.str.contains(f"^(?:{form})$").fill_null(True)
