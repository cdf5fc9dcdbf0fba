"""All rules of a price book, in their order: a later rule may rely on what an earlier one refuses.
One rule, one message; all faults of a rule are named at once.
"""

from evalkit.economics.prices.rules.appraisal import APPRAISAL_RULES
from evalkit.economics.prices.rules.postings import POSTING_RULES
from evalkit.economics.prices.rules.prices import PRICE_RULES
from evalkit.errors import LedgerError, first_few
from evalkit.line.price_book import PriceBook

RULES = (*PRICE_RULES, *POSTING_RULES, *APPRAISAL_RULES)


def refuse_faulty(book: PriceBook, file: str) -> None:
    """Raise for the first rule that the book breaks, naming all records that break it.

    Raises
    ------
    LedgerError
        Names the file and the records, never the rest of the book.
    """
    for rule in RULES:
        faults = list(rule.find(book))
        if faults:
            raise LedgerError(
                f"{rule.what}: {len(faults)}.",
                where=f"{file}: {first_few(faults, 6)}",
                why=rule.why,
                fix=rule.fix,
            )
