"""What a municipality keeps of a krona of new tax when income equalisation has taken its part: 1 -
c/t, from two years after the income on.

A one-off krona of tax base brings the own rate t at once and costs the county rate c two years
later; a lasting one brings t for two years and t - c from then on. The base is that of all
municipalities' uprated incomes, so a gain that is the whole country's is not equalised away.
"""

from evalkit.line.price_book import Distribution, PriceBook, PriceRecord, kept_of_tax_in
from evalkit.vocabulary import least_sure
from evalkit.words import languages, words


def kept_of_tax(book: PriceBook) -> tuple[PriceRecord, ...]:
    """The part of new tax that the municipality keeps in the long run, as prices: the common one,
    and that of each district with a tax or a county rate of its own; none where the book knows no
    income equalisation.

    It is below zero where the county rate is above the own rate, and its range is that of both
    rates.
    """
    declared = book.appraisal.income_equalisation
    if declared is None:
        return ()
    rates = (declared.tax, declared.county_rate)
    own = {
        entry.district: tuple(entry.prices.get(key, key) for key in rates)
        for entry in book.districts
    }
    return (
        _kept(book, *rates),
        *(_kept(book, *keys, district) for district, keys in own.items() if keys != rates),
    )


def _kept(book: PriceBook, tax_key: str, county_key: str, district: str = "") -> PriceRecord:
    tax, county = book.records[tax_key], book.records[county_key]
    low, high = (
        1 - ends[0] / ends[1]
        for ends in ((_ends(county)[1], _ends(tax)[0]), (_ends(county)[0], _ends(tax)[1]))
    )
    return PriceRecord(
        key=kept_of_tax_in(district),
        name={
            language: ": ".join(
                filter(None, (words(language).text("prices.kept_of_tax"), district))
            )
            for language in languages()
        },
        value=1 - county.value / tax.value,
        unit="share",
        source={
            language: words(language).text(
                "prices.kept_source", county_rate=county.key, tax=tax.key
            )
            for language in languages()
        },
        grade=least_sure((tax.grade, county.grade, "M")),
        distribution=Distribution(kind="uniform", low=low, high=high)
        if low < high
        else Distribution(),
    )


def _ends(record: PriceRecord) -> tuple[float, float]:
    return record.distribution.ends or (record.value, record.value)
