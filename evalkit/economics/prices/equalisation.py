"""What a municipality keeps of a krona of new tax when income equalisation has taken its part: 1 -
c/t, from two years after the income on.

A one-off krona of tax base brings the own rate t at once and costs the county rate c two years
later; a lasting one brings t for two years and t - c from then on. The base is that of all
municipalities' uprated incomes, so a gain that is the whole country's is not equalised away.
"""

from evalkit.line.price_book import KEPT_OF_TAX, Distribution, PriceBook, PriceRecord
from evalkit.vocabulary import least_sure
from evalkit.words import languages, words


def kept_of_tax(book: PriceBook) -> PriceRecord | None:
    """The part of new tax that a book's municipality keeps in the long run, as a price of its own;
    None where the book knows no income equalisation.

    It is below zero where the county rate is above the own rate, and its range is that of both
    rates.
    """
    declared = book.appraisal.income_equalisation
    if declared is None:
        return None
    tax, county = book.records[declared.tax], book.records[declared.county_rate]
    low, high = (
        1 - ends[0] / ends[1]
        for ends in ((_ends(county)[1], _ends(tax)[0]), (_ends(county)[0], _ends(tax)[1]))
    )
    return PriceRecord(
        key=KEPT_OF_TAX,
        name={language: words(language).text("prices.kept_of_tax") for language in languages()},
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
