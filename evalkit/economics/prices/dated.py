"""Dated parameters: a value holds for a period, has a source and a grade, and is asked for by key
and date; nothing is interpolated.

A period is written as years or months, both ends included: 2024, 2019..2023, 2019-04..2019-12,
..2019-03 (up to), or any (no date applies).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import Field, field_validator

from evalkit.errors import LedgerError, ParameterError, first_few, nearest
from evalkit.line.actors import ACTOR_NAMES
from evalkit.line.price_book import Distribution
from evalkit.months import month_number
from evalkit.records import Record, load
from evalkit.vocabulary import Grade, Text, in_language, is_unwritten
from evalkit.words import languages, words

Unit = Literal[
    "per month",
    "per year",
    "per day",
    "per week",
    "per 4 weeks",
    "per start",
    "share",
    "share per year",
    "months",
    "index",
    "exchange rate",
    "persons",
    "households",
    "base amounts per year",
]
MONEY_UNITS = ("per month", "per year", "per day", "per week", "per 4 weeks", "per start")
_PERIOD = re.compile(r"(?:(\d{4})(?:-(\d{2}))?)?(\.\.)?(?:(\d{4})(?:-(\d{2}))?)?")
_EVER = (0, 12 * 10_000)


class DatedValue(Record):
    """One value: the period it holds for, how sure it is, and its source where that is not the
    record's own.
    """

    period: str = Field(
        description="The period it holds for, both ends included: 2024, 2019..2023, "
        "2019-04..2019-12, ..2019-03 (up to), or any."
    )
    value: float = Field(description="How much, in the record's unit.")
    grade: Grade = Field(
        description="How sure: H read at the responsible authority or in an official table, M "
        "second-hand or derived, L general knowledge or illustrative."
    )
    source: Text | str = Field(
        "", description="From whom, where that is not the record's own source."
    )
    note: str = Field("", description="What whoever changes it should know.")
    distribution: Distribution = Field(Distribution(), description="How sure, as a range.")

    @field_validator("period", mode="before")
    @classmethod
    def _readable(cls, period: object) -> str:
        text = str(period).strip()
        if text != "any" and (
            not _PERIOD.fullmatch(text) or not any(letter.isdigit() for letter in text)
        ):
            raise ValueError('a period is written like 2024, 2019..2023, 2019-04..2019-12 or "any"')
        return text

    @property
    def span(self) -> tuple[int, int]:
        """First and last month (`months.month_number`), both included."""
        match = _PERIOD.fullmatch(self.period)
        if match is None:  # "any": the validator lets no other text pass
            return _EVER
        first_year, first_month, dots, last_year, last_month = match.groups()
        if not dots:
            last_year, last_month = first_year, first_month
        first = _EVER[0] if first_year is None else 12 * int(first_year) + int(first_month or 1) - 1
        last = _EVER[1] if last_year is None else 12 * int(last_year) + int(last_month or 12) - 1
        return first, last


class DatedRecord(Record):
    """A parameter through time: what it is, in which unit and currency, whom it concerns, and its
    values.
    """

    key: str = Field(description="The name by which it is asked for.")
    name: Text = Field(description="What pages call it, by language.")
    unit: Unit = Field(description="What one of it is.")
    currency: str | None = Field(None, description="The currency; money only.")
    actor: str | None = Field(None, description="The actor whom it concerns.")
    source: Text | str = Field(
        description="From whom: a name or an address once, words in each language."
    )
    note: str = Field("", description="What whoever changes it should know.")
    values: tuple[DatedValue, ...] = Field(description="Its values; periods do not overlap.")

    @property
    def is_money(self) -> bool:
        return self.unit in MONEY_UNITS


class DatedFile(Record):
    """A file of params/rates/ or params/price_index/."""

    file: str = Field(description="The file's name.")
    title: Text = Field(description="What it holds, by language.")
    records: tuple[DatedRecord, ...] = Field(description="Its parameters.")


def load_dated(paths: Iterable[Path | str]) -> Mapping[str, DatedRecord]:
    """The dated parameters of several files, by key.

    Raises
    ------
    ParameterError
        If a file is missing or a field is unknown, missing or of the wrong type.
    LedgerError
        If a key stands twice, periods overlap, an amount has no currency, a range leaves out its
        value, a value is negative or not finite, an actor is unknown or a name is missing; names
        the file and the records.
    """
    records: dict[str, DatedRecord] = {}
    for path in paths:
        content = load(path, DatedFile)
        faults = list(_faults([*records.values(), *content.records]))
        if faults:
            raise LedgerError(
                f"Dated parameters that cannot be used: {len(faults)}.",
                where=f"{path}: {first_few(faults, 6)}",
                why="A value is found by its key and its date, and counts only in its own unit and "
                "currency.",
                fix="mend the records; a period is held by one value, an amount has a currency, a "
                "range contains its value.",
            )
        records |= {record.key: record for record in content.records}
    return MappingProxyType(records)


class CarriedValue(DatedValue):
    """A series' last value, standing for later years because somebody asked for that."""

    of: str


def carried_forward(
    records: Mapping[str, DatedRecord], keys: Iterable[str]
) -> Mapping[str, DatedRecord]:
    """The records in which the last value of some series stands for all later years too.

    Such a value is of grade L, and its source says of which period it is.

    Parameters
    ----------
    records : mapping of str to DatedRecord
        From `load_dated`.
    keys : iterable of str
        The series, as a price book names them under carry_forward.

    Raises
    ------
    ParameterError
        If there is no such series, or it has no last period.
    """
    keys = tuple(keys)
    faults = [f"{key} ({nearest(key, records)})" for key in keys if key not in records]
    faults += [
        f"{key} (it has no last period)"
        for key in keys
        if key in records and _last(records[key]).span[1] == _EVER[1]
    ]
    if faults:
        raise ParameterError(
            f"Series that cannot be carried forward: {len(faults)}.",
            where=f"carry_forward: {first_few(faults, 6)}",
            why="The last value of a series stands for later years only where there is one.",
            fix="name series of the files under defaults that end, or leave them out.",
        )
    return MappingProxyType({**records, **{key: _carried(records[key]) for key in keys}})


def _last(record: DatedRecord) -> DatedValue:
    return max(record.values, key=lambda value: value.span[1])


def _carried(record: DatedRecord) -> DatedRecord:
    last = _last(record)
    source = last.source or record.source
    later = last.span[1] + 1
    carried = CarriedValue(
        **last.model_dump(exclude={"period", "grade", "source"}),
        period=f"{later // 12}-{later % 12 + 1:02d}..",
        grade="L",
        source={
            language: words(language).text(
                "prices.carried", source=in_language(source, language), period=last.period
            )
            for language in languages()
        },
        of=last.period,
    )
    return record.model_copy(update={"values": (*record.values, carried)})


def value_at(
    records: Mapping[str, DatedRecord], key: str, when: int | date | None = None
) -> DatedValue:
    """The value that holds at a date: a year (it must hold all that year), a month, or None for
    what has no date.

    Parameters
    ----------
    records : mapping of str to DatedRecord
        From `load_dated`.
    key : str
        The record's key.
    when : int, date or None
        A year, a month (any day of it), or None.

    Raises
    ------
    ParameterError
        If there is no such key, or no value holds then; names the nearest key or periods. Nothing
        is carried forward or interpolated.
    """
    if key not in records:
        raise ParameterError(
            "There is no such parameter.",
            where=f'"{key}" ({nearest(key, records)})'
            if len(records) < 12
            else f'"{key}" ({_near(key, records)})',
            why="Values are taken from the dated records by key.",
            fix="mend the key, or add the record with its source and grade.",
        )
    first, last = _asked(when)
    for value in records[key].values:
        if value.span[0] <= first and last <= value.span[1]:
            return value
    raise _no_value(records[key], when, first, last)


def _asked(when: int | date | None) -> tuple[int, int]:
    if when is None:
        return _EVER
    if isinstance(when, date):
        return month_number(when), month_number(when)
    return 12 * when, 12 * when + 11


def _no_value(
    record: DatedRecord, when: int | date | None, first: int, last: int
) -> ParameterError:
    changing = [
        value.period for value in record.values if value.span[0] <= last and first <= value.span[1]
    ]
    before = max(
        (v for v in record.values if v.span[1] < first), key=lambda v: v.span[1], default=None
    )
    after = min(
        (v for v in record.values if v.span[0] > last), key=lambda v: v.span[0], default=None
    )
    near = changing or [value.period for value in (before, after) if value]
    asked = "without a date" if when is None else when if isinstance(when, int) else f"{when:%Y-%m}"
    return ParameterError(
        f'There is no value of "{record.key}" for {asked}.'
        if when is not None
        else f'"{record.key}" was asked for {asked}.',
        where=f"{'it changes within that time' if changing else 'nearest'}: {', '.join(near)}",
        why="A value of another year is another value; nothing is carried forward or interpolated "
        "unasked.",
        fix="ask for a month, a year that is there, or add the value with its source and grade; a "
        f"price book carries the last value forward by carry_forward: [{record.key}].",
    )


def _near(key: str, records: Mapping[str, DatedRecord]) -> str:
    hint = nearest(key, records)
    return (
        hint
        if hint.startswith("did you")
        else f"{len(records)} keys; evalkit params explain lists them"
    )


def _faults(records: list[DatedRecord]) -> Iterator[str]:
    yield from (
        f"{key} (stands twice)"
        for key, count in Counter(r.key for r in records).items()
        if count > 1
    )
    for record in records:
        if record.is_money != (record.currency is not None):
            fault = "an amount without" if record.is_money else "no amount, yet with"
            yield f"{record.key} ({fault} a currency)"
        if record.actor is not None and record.actor not in ACTOR_NAMES:
            yield f"{record.key}, {record.actor} ({nearest(record.actor, ACTOR_NAMES)})"
        if is_unwritten(record.name):
            yield f"{record.key} (no name, or an empty one)"
        spans = sorted(value.span for value in record.values)
        if not spans or any(first > last for first, last in spans):
            yield f"{record.key} (no value, or a period that ends before it starts)"
        if any(later[0] <= earlier[1] for earlier, later in pairwise(spans)):
            yield f"{record.key} (periods overlap)"
        for value in record.values:
            low = value.distribution.low
            if not isfinite(value.value) or value.value < 0 or (low is not None and low < 0):
                yield f"{record.key}, {value.period} (negative or not finite)"
            if value.distribution.fault(value.value):
                yield (
                    f"{record.key}, {value.period} (a range that leaves out its value, or none "
                    "where one is declared)"
                )
