"""The official monthly record of income support: text without column names, one line per household
and month, in the layout that a file declares (`record_layout`).

A record of payments holds three tables at once: person, income_support and household_member. What
it has no field for may stand in records beside it, of households (their id and type, exit reasons)
and of their members (role, obstacle, municipal measures), which are tied to it by number and month.
December is sent as a file of the whole year, which takes the place of the months sent before. The
record as authorities hold it carries personnummer and never passes gate 1: its numbers are replaced
by pseudonyms first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError, first_few
from evalkit.intake.reading.csv_reader import decode, lines_of
from evalkit.intake.reading.delivered import FILE, IS_WHOLE, LINE, NO_LINES, Delivered
from evalkit.intake.reading.record_layout import (
    OF_HOUSEHOLD,
    OF_MEMBER,
    PREFIX,
    SUFFIXES,
    RecordLayout,
    layout_of,
)

# Lines looked at to tell whether a record has the layout.
_N_SAMPLED = 2000
# What a household is called that has no id of its own: after its applicant.
NAMED_AFTER = "H-"
_OF_PERSON = ("sex", "birth_year")
_ASSUMPTION = (
    "household named after its applicant where no id is given, district is the record's district "
    "or else its municipality, year of birth is year less age"
)


@dataclass(frozen=True)
class _File:
    """A record as read: its layout, its rows (every known field as text, `others`, `month_start`,
    and the three columns of every reader), and its lines without persons' numbers.
    """

    path: Path
    layout: RecordLayout
    rows: pl.DataFrame
    rest: pl.DataFrame


@dataclass(frozen=True)
class _Beside:
    """What records beside it say: one row per key, and what of it could not be taken."""

    facts: pl.DataFrame
    notes: tuple[str, ...]


def is_monthly_record(path: Path) -> bool:
    """Whether a file has the name of a monthly record: monthly_record*.txt or .tsv."""
    return path.stem.startswith(PREFIX) and path.suffix.lower() in SUFFIXES


def read_monthly_records(
    paths: Sequence[Path], layouts: Sequence[RecordLayout]
) -> dict[str, tuple[Delivered, ...]]:
    """The tables person, income_support and household_member of one or more monthly records.

    A person's row comes from the first month in which the person is named.

    Raises
    ------
    IntakeError
        If a file is no text, holds no line with the record's fields or is in no known layout, or
        there is no record of payments among them.
    """
    files = [_read(path, layouts) for path in paths]
    payments = [file for file in files if file.layout.holds == "payments"]
    if not payments:
        raise IntakeError(
            "There is no monthly record of payments.",
            where=", ".join(path.name for path in paths),
            why="What stands beside the record is tied to it by number and month. Nothing was "
            "read in.",
            fix=f"deliver the record of the same months as well ({PREFIX}*.txt).",
        )
    beside = {
        kind: [file for file in files if file.layout.holds == kind]
        for kind in ("households", "persons")
    }
    rows = pl.concat([file.rows for file in payments])
    heads = rows.select("person_1", "month_start").unique()
    households = _said(beside["households"], "person_1", OF_HOUSEHOLD, known=heads)
    rows = _with_facts(rows, households.facts, ["person_1", "month_start"], OF_HOUSEHOLD)
    rows = rows.with_columns(
        household_id=pl.coalesce("household_id", NAMED_AFTER + pl.col("person_1"))
    )
    members = _members(rows)
    known = members.select("person_id", "month_start").unique()
    of_members = _said(
        beside["persons"], "person", ("role", *OF_MEMBER), known=known, named="person_id"
    )
    members = _with_facts(
        members, of_members.facts, ["person_id", "month_start"], ("role", *OF_MEMBER), is_over=True
    )
    of_persons = _said(beside["persons"], "person", _OF_PERSON, known=None, named="person_id")
    persons = _with_facts(_persons(rows), of_persons.facts, ["person_id"], _OF_PERSON)
    notes = [
        *(
            f"{one.path.name} read beside it: {one.layout.source}"
            for kind in beside.values()
            for one in kind
        ),
        *dict.fromkeys((*households.notes, *of_members.notes, *of_persons.notes)),
    ]
    return {
        "income_support": _delivered(_payments(rows), payments, notes),
        "household_member": _delivered(members, payments, is_searched=True),
        "person": _delivered(persons, payments),
    }


def _read(path: Path, layouts: Sequence[RecordLayout]) -> _File:
    data, _ = decode(path)
    lines = lines_of(data).filter(pl.col("text").str.strip_chars() != "")
    sampled = lines["text"].gather_every(lines.height // _N_SAMPLED + 1).to_list()
    layout = layout_of(path, sampled, layouts)
    split = pl.col("text").str.strip_suffix("\r").str.split(layout.separator)
    parts = lines.with_columns(parts=split)
    return _File(path, layout, _fields(parts, path, layout), _rest(parts, layout))


def _fields(parts: pl.DataFrame, path: Path, layout: RecordLayout) -> pl.DataFrame:
    known = {one.field: one for one in layout.fields}
    cells = {
        name: _filled(pl.col("parts").list.get(one.position - 1, null_on_oob=True)).replace(
            one.codes
        )
        for name, one in known.items()
    }
    nothing = pl.lit(None, pl.String)
    others = pl.col("parts").list.slice(layout.persons_from - 1) if layout.persons_from else None
    rows = parts.select(
        pl.col("line").alias(LINE),
        pl.lit(path.name).alias(FILE),
        (pl.col("parts").list.len() >= layout.n_required).alias(IS_WHOLE),
        *(cells.get(name, nothing).alias(name) for name in _ALL_FIELDS),
        others=pl.lit(None, pl.List(pl.String))
        if others is None
        else others.list.eval(_filled(pl.element())).list.drop_nulls(),
    )
    month = [pl.col("year"), pl.lit("-"), pl.col("month").str.zfill(2), pl.lit("-01")]
    return rows.with_columns(month_start=pl.concat_str(month))


def _rest(parts: pl.DataFrame, layout: RecordLayout) -> pl.DataFrame:
    """The lines without the fields that hold persons' numbers, which stand in the tables."""
    n_places = parts.select(pl.col("parts").list.len().max()).item()
    fields = [
        pl.col("parts").list.get(place, null_on_oob=True)
        for place in range(n_places)
        if not layout.holds_number(place)
    ]
    return parts.select("line", text=pl.concat_str(fields, separator="\t", ignore_nulls=True))


_ALL_FIELDS = (
    *("year", "month", "municipality", "district", "n_children", "amount", *OF_HOUSEHOLD),
    *(f"{name}_{i}" for i in (1, 2) for name in ("person", *OF_MEMBER, "sex", "age")),
    *("person", "role", *OF_MEMBER, *_OF_PERSON),
)


def _filled(text: pl.Expr) -> pl.Expr:
    text = text.str.strip_chars()
    return pl.when(text != "").then(text)


def _said(
    files: Sequence[_File],
    number: str,
    columns: Sequence[str],
    *,
    known: pl.DataFrame | None,
    named: str | None = None,
) -> _Beside:
    """What records beside it say of each number, and month if `known` gives those of the record;
    where lines contradict each other, nothing. Lines of others are left out and counted.
    """
    key = named or number
    keys = [key] if known is None else [key, "month_start"]
    if not files:
        return _Beside(pl.DataFrame(schema=dict.fromkeys([*keys, *columns], pl.String)), ())
    lines = pl.concat([file.rows for file in files]).filter(IS_WHOLE).rename({number: key})
    notes = []
    if known is not None:
        lost = lines.join(known, on=keys, how="anti")
        notes += _note(lost, "name nobody in a month of the record and are left out")
        lines = lines.join(known, on=keys, how="semi")
        cut = pl.concat([file.rows for file in files]).filter(~pl.col(IS_WHOLE))
        notes += _note(cut, "have too few fields and are left out")
    lines = _with_whole_years(lines)
    filled = [name for name in columns if lines[name].count()]
    asked = {name: _agreed(name) for name in filled}
    empty = [pl.lit(None, pl.String).alias(name) for name in columns if name not in filled]
    if not asked:
        return _Beside(lines.select(*keys, *empty).head(0), tuple(notes))
    facts = lines.group_by(keys).agg(
        *(value.alias(name) for name, (value, _, _) in asked.items()),
        *empty,
        _contradicts=pl.any_horizontal(contradicts for _, contradicts, _ in asked.values()),
        _gives_way=pl.any_horizontal(gives_way for *_, gives_way in asked.values()),
    )
    of_key = lines.join(facts.select(*keys, "_contradicts", "_gives_way"), on=keys, how="left")
    notes += _note(
        of_key.filter("_contradicts"),
        f"contradict another line ({', '.join(columns)}): what they contradict is not taken",
    )
    notes += _note(
        of_key.filter("_gives_way", ~pl.col("_is_of_year")),
        "give way to a file of the whole year",
    )
    return _Beside(facts.drop("_contradicts", "_gives_way"), tuple(notes))


def _with_whole_years(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with whether they stand in a file of their whole year, as December is sent."""
    month, year = pl.col("month_start").str.slice(5, 2), pl.col("month_start").str.slice(0, 4)
    is_whole = (month == "12").any() & (month.n_unique() > 1)
    return lines.with_columns(_is_of_year=is_whole.over(FILE, year))


def _agreed(name: str) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """What all lines of a key say, a file of the whole year before others; whether lines contradict
    each other, and whether others say something else than that file.
    """
    every = pl.col(name).drop_nulls()
    of_year = pl.col(name).filter("_is_of_year").drop_nulls()
    n_every, n_of_year = every.n_unique(), of_year.n_unique()
    value = (
        pl.when(n_of_year == 1)
        .then(of_year.first())
        .when((n_of_year == 0) & (n_every == 1))
        .then(every.first())
    )
    contradicts = (n_of_year > 1) | ((n_of_year == 0) & (n_every > 1))
    return value, contradicts, (n_of_year == 1) & (n_every > 1)


def _note(lines: pl.DataFrame, what: str) -> list[str]:
    return [
        f"{file}: {len(rows):,} lines {what}: {first_few(rows[LINE].sort().to_list())}"
        for (file,), rows in lines.partition_by(FILE, as_dict=True).items()
    ]


def _with_facts(
    rows: pl.DataFrame,
    facts: pl.DataFrame,
    keys: Sequence[str],
    columns: Sequence[str],
    *,
    is_over: bool = False,
) -> pl.DataFrame:
    """The rows with what is said beside them where they say nothing themselves, or over what they
    say.
    """
    joined = rows.join(facts, on=keys, how="left", suffix="_beside", maintain_order="left")
    order = (
        (lambda name: (f"{name}_beside", name))
        if is_over
        else (lambda name: (name, f"{name}_beside"))
    )
    return joined.with_columns(pl.coalesce(*order(name)).alias(name) for name in columns).drop(
        f"{name}_beside" for name in columns
    )


def _payments(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "household_id",
        pl.col("month_start").alias("month"),
        pl.coalesce("district", "municipality").alias("district"),
        "amount",
        pl.when(pl.col("amount").is_not_null()).then(pl.lit("SEK")).alias("currency"),
        *("n_children", "household_type", "exit_reason", LINE, FILE, IS_WHOLE),
    )


def _members(rows: pl.DataFrame) -> pl.DataFrame:
    kept = ["household_id", "month_start", LINE, FILE, IS_WHOLE]
    adults = [
        rows.select(
            *kept,
            pl.col(f"person_{i}").alias("person_id"),
            pl.lit(role).alias("role"),
            *(pl.col(f"{name}_{i}").alias(name) for name in OF_MEMBER),
        )
        for i, role in ((1, "lead"), (2, "co_applicant"))
    ]
    nothing = pl.lit(None, pl.String)
    children = rows.explode("others").select(
        *kept,
        pl.col("others").alias("person_id"),
        pl.lit("child").alias("role"),
        *(nothing.alias(name) for name in OF_MEMBER),
    )
    # A line that is not whole stays once, so that it is counted and set aside.
    return (
        pl.concat([*adults, children])
        .filter(
            pl.col("person_id").is_not_null() | (~pl.col(IS_WHOLE) & (pl.col("role") == "lead"))
        )
        .with_columns(month="month_start")
    )


def _persons(rows: pl.DataFrame) -> pl.DataFrame:
    kept = [pl.coalesce("district", "municipality").alias("district"), LINE, FILE, IS_WHOLE]
    year = pl.col("year").cast(pl.Int32, strict=False)
    adults = [
        rows.select(
            pl.col(f"person_{i}").alias("person_id"),
            pl.col(f"sex_{i}").alias("sex"),
            (year - pl.col(f"age_{i}").cast(pl.Int32, strict=False))
            .cast(pl.String)
            .alias("birth_year"),
            *kept,
            "month_start",
        )
        for i in (1, 2)
    ]
    nothing = pl.lit(None, pl.String)
    children = rows.explode("others").select(
        pl.col("others").alias("person_id"),
        nothing.alias("sex"),
        nothing.alias("birth_year"),
        *kept,
        "month_start",
    )
    return (
        pl.concat([*adults, children])
        .filter(pl.col("person_id").is_not_null())
        .sort("month_start", FILE, LINE, maintain_order=True)
        .unique("person_id", keep="first", maintain_order=True)
    )


def _delivered(
    table: pl.DataFrame,
    payments: Sequence[_File],
    notes: Sequence[str] = (),
    *,
    is_searched: bool = False,
) -> tuple[Delivered, ...]:
    """A table by the record that its rows come from. What of a record stands in no column is
    searched with one of them; notes stand with the first record.
    """
    cells = table.drop("month_start", strict=False)
    # A column of which no record says anything was not delivered.
    optional = {*OF_HOUSEHOLD, *OF_MEMBER, "n_children"} - {"household_id"}
    cells = cells.drop(
        name for name in cells.columns if name in optional and not cells[name].count()
    )
    return tuple(
        Delivered(
            file.path,
            cells.filter(pl.col(FILE) == file.path.name).sort(LINE, maintain_order=True),
            file.rest if is_searched else NO_LINES,
            has_decimal_comma=False,
            assumption="; ".join([_in_words(file), *(() if i else notes)]),
        )
        for i, file in enumerate(payments)
    )


def _in_words(file: _File) -> str:
    layout = file.layout
    official = "" if layout.is_official else ", not the official layout"
    return f"{layout.title['en']} (grade {layout.grade}{official}); {_ASSUMPTION}"
