"""Prices that a book takes from the dated parameters instead of stating them: which record and
year, scaled how, and how sure the result is.
"""

from collections.abc import Mapping, Sequence
from math import prod

from evalkit.economics.prices.conversion import (
    PRICE_INDEX,
    convert_currency,
    convert_price_year,
    exchange_rate,
)
from evalkit.economics.prices.dated import DatedRecord, DatedValue, value_at
from evalkit.errors import ParameterError
from evalkit.line.price_book import (
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
    value = value_at(records, reference.key, reference.year)
    record = records[reference.key]
    if record.unit != entry.unit and not (reference.times or reference.divided_by):
        raise ParameterError(
            "A value in another unit was taken as it is.",
            where=f"{reference.key} is {record.unit}, the price {entry.unit}",
            why="An amount per day is no amount per month.",
            fix="scale it by times or divided_by (days per month, for example), or mend the unit.",
        )
    scale, used = _scale(reference, records)
    year = f" {reference.year}" if reference.year else ""
    sources = [(f"{reference.key}{year}", value.source or record.source)]
    sources += [(key, factor.source or records[key].source) for key, factor in used]
    if record.currency is not None and record.currency != currency:
        scale *= float(
            convert_currency(
                1.0, currency=record.currency, to=currency, year=reference.year, records=records
            )
        )
        key = exchange_rate(record.currency, currency, records)
        rate = value_at(records, key, reference.year)
        used.append((key, rate))
        sources.append((f"{key} {rate.value:g}", rate.source or records[key].source))
    if record.is_money and reference.year is not None and reference.year != price_year:
        scale *= float(
            convert_price_year(1.0, from_year=reference.year, to_year=price_year, records=records)
        )
        ends = [
            (PRICE_INDEX, value_at(records, PRICE_INDEX, year))
            for year in (reference.year, price_year)
        ]
        used += ends
        sources.append((f"{PRICE_INDEX} {ends[0][1].value:g} → {ends[1][1].value:g}", ""))
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
        distribution=entry.distribution or _scaled(value.distribution, scale),
    )


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
    reference: Reference, records: Mapping[str, DatedRecord]
) -> tuple[float, list[tuple[str, DatedValue]]]:
    used = [
        (f.key, value_at(records, f.key, f.year))
        for f in (*reference.times, *reference.divided_by)
        if isinstance(f, Factor)
    ]

    def number(factor: float | Factor) -> float:
        return (
            value_at(records, factor.key, factor.year).value
            if isinstance(factor, Factor)
            else factor
        )

    return prod(map(number, reference.times)) / prod(map(number, reference.divided_by)), used


def _scaled(distribution: Distribution, scale: float) -> Distribution:
    if distribution.ends is None:
        return distribution
    low, high = distribution.ends
    return Distribution(kind=distribution.kind, low=low * scale, high=high * scale)
