"""Prices that a book takes from the dated parameters instead of stating them: which record and
year, scaled how, and how sure the result is.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from math import prod

from evalkit.economics.prices.conversion import (
    PRICE_INDEX,
    convert_currency,
    convert_price_year,
    exchange_rate,
)
from evalkit.economics.prices.dated import CarriedValue, DatedRecord, DatedValue, value_at
from evalkit.errors import ParameterError
from evalkit.line.price_book import (
    MONEY_UNITS,
    Distribution,
    Factor,
    PriceByReference,
    PriceRecord,
    Reference,
)
from evalkit.vocabulary import TABLE_LANGUAGE, Grade, Text, in_language, least_sure


def resolve(
    entry: PriceByReference, *, price_year: int, currency: str, records: Mapping[str, DatedRecord]
) -> PriceRecord:
    """A price as the ledger uses it, in the book's currency and money of its price year.

    An amount in another currency is exchanged at the rate of its own year first, then moved by the
    price index, which is the book's country's.

    The grade is the weakest of all values used; a value that was scaled or moved to another year is
    derived, so at best M. A range stated in the book stands for itself; otherwise the dated value's
    range is scaled with it.

    Raises
    ------
    ParameterError
        If a record, an exchange rate or a year is missing, or a value in another unit is taken as
        it is.
    """
    reference = entry.default
    asked = _asked_for(reference, price_year)
    value = value_at(records, reference.key, asked)
    record = records[reference.key]
    year = asked if asked is None or isinstance(asked, int) else asked.year
    if record.unit != entry.unit and not (reference.times or reference.divided_by):
        raise ParameterError(
            "A value in another unit was taken as it is.",
            where=f"{reference.key} is {record.unit}, the price {entry.unit}",
            why="An amount per day is no amount per month.",
            fix="scale it by times or divided_by (days per month, for example), or mend the unit.",
        )
    scale, used = _scale(reference, price_year, records)
    sources = [(_dated_key(reference.key, asked), value.source or record.source)]
    sources += [(key, factor.source or records[key].source) for key, factor in used]
    if record.currency is not None and record.currency != currency:
        scale *= float(
            convert_currency(1.0, currency=record.currency, to=currency, year=year, records=records)
        )
        key = exchange_rate(record.currency, currency, records)
        rate = value_at(records, key, year)
        used.append((key, rate))
        sources.append((f"{key} {rate.value:g}", rate.source or records[key].source))
    if record.is_money and year is not None and year != price_year:
        ratio, ends, told = _moved(year, price_year, records)
        scale *= ratio
        used += ends
        sources.append(told)
    grades: list[Grade] = [value.grade, *(factor.grade for _, factor in used)]
    if used or scale != 1:
        grades.append("M")
    return PriceRecord(
        key=entry.key,
        name=entry.name or record.name,
        value=value.value * scale,
        unit=entry.unit,
        price_year=price_year if record.is_money else None,
        currency=currency if record.is_money else None,
        source=_together(sources),
        grade=least_sure(grades),
        note=entry.note or value.note or record.note,
        distribution=_stated_range(entry, price_year, records)
        or _scaled(value.distribution, scale),
        carried=_carried_series([(reference.key, value), *used]),
    )


def in_money_of(
    record: PriceRecord, *, price_year: int, records: Mapping[str, DatedRecord]
) -> PriceRecord:
    """A stated price in money of another year, moved by the price index with its range; derived, so
    at best of grade M.

    Raises
    ------
    ParameterError
        If the index lacks a year.
    """
    if not record.is_money or record.price_year in (None, price_year):
        return record
    ratio, ends, told = _moved(record.price_year, price_year, records)
    return record.model_copy(
        update={
            "value": record.value * ratio,
            "price_year": price_year,
            "source": _together([("", record.source), told]),
            "grade": least_sure([record.grade, *(value.grade for _, value in ends), "M"]),
            "distribution": _scaled(record.distribution, ratio),
            "carried": _carried_series(ends),
        }
    )


def _moved(
    from_year: int, to_year: int, records: Mapping[str, DatedRecord]
) -> tuple[float, list[tuple[str, DatedValue]], tuple[str, Text | str]]:
    """What money of one year is in that of another, by which two values, and how that is told."""
    ratio = float(convert_price_year(1.0, from_year=from_year, to_year=to_year, records=records))
    ends = [(PRICE_INDEX, value_at(records, PRICE_INDEX, year)) for year in (from_year, to_year)]
    first, last = (value for _, value in ends)
    carried = last.source if isinstance(last, CarriedValue) else ""
    return ratio, ends, (f"{PRICE_INDEX} {first.value:g} → {last.value:g}", carried)


def _carried_series(used: Sequence[tuple[str, DatedValue]]) -> tuple[str, ...]:
    series = [f"{key} {value.of}" for key, value in used if isinstance(value, CarriedValue)]
    return tuple(dict.fromkeys(series))


def _stated_range(
    entry: PriceByReference, price_year: int, records: Mapping[str, DatedRecord]
) -> Distribution | None:
    """The range that the book states, in money of its year."""
    if entry.price_year is not None and entry.unit not in MONEY_UNITS:
        raise ParameterError(
            "A range that is no money has a price year.",
            where=f"{entry.unit}, price_year {entry.price_year}",
            why="Only amounts are moved from one year's money to another's.",
            fix="leave price_year out.",
        )
    if entry.distribution is None or entry.price_year in (None, price_year):
        return entry.distribution
    return _scaled(entry.distribution, _moved(entry.price_year, price_year, records)[0])


def _asked_for(factor: Factor, price_year: int) -> int | date | None:
    year = price_year if factor.year == "price_year" else factor.year
    return year if year is None or factor.month is None else date(year, factor.month, 1)


def _dated_key(key: str, asked: int | date | None) -> str:
    when = "" if asked is None else asked if isinstance(asked, int) else f"{asked:%Y-%m}"
    return f"{key} {when}".strip()


def _together(sources: Sequence[tuple[str, Text | str]]) -> Text | str:
    """Several sources as one, each after what it is the source of; in each language that one of
    them is written in.
    """
    written = [source for _, source in sources if isinstance(source, Mapping)]
    told = {
        language: "; ".join(
            ": ".join(filter(None, (what, in_language(source, language))))
            for what, source in sources
        )
        for language in dict.fromkeys((TABLE_LANGUAGE, *(code for one in written for code in one)))
    }
    return told if written else told[TABLE_LANGUAGE]


def _scale(
    reference: Reference, price_year: int, records: Mapping[str, DatedRecord]
) -> tuple[float, list[tuple[str, DatedValue]]]:
    used = [
        (f.key, value_at(records, f.key, _asked_for(f, price_year)))
        for f in (*reference.times, *reference.divided_by)
        if isinstance(f, Factor)
    ]

    def number(factor: float | Factor) -> float:
        return (
            value_at(records, factor.key, _asked_for(factor, price_year)).value
            if isinstance(factor, Factor)
            else factor
        )

    return prod(map(number, reference.times)) / prod(map(number, reference.divided_by)), used


def _scaled(distribution: Distribution, scale: float) -> Distribution:
    if distribution.ends is None:
        return distribution
    low, high = distribution.ends
    return Distribution(kind=distribution.kind, low=low * scale, high=high * scale)
