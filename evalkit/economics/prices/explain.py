"""What a parameter is: its values with period, source and grade, and where it is used (`evalkit
params explain KEY`).
"""

from collections.abc import Iterator
from pathlib import Path

from evalkit.economics.prices.dated import DatedRecord, load_dated
from evalkit.economics.prices.equalisation import kept_of_tax
from evalkit.economics.prices.price_book_file import book_references, load_price_book
from evalkit.errors import ParameterError, nearest
from evalkit.line.price_book import Distribution, PriceBook, PriceRecord
from evalkit.vocabulary import TABLE_LANGUAGE, in_language

_DATED_FOLDERS = ("rates", "price_index")
_BOOK_FOLDER = "unit_costs"


def explain(key: str, folder: Path | str) -> list[str]:
    """A parameter in lines of text.

    Parameters
    ----------
    key : str
        Of a dated parameter (municipal_tax.stockholm) or of a price in a book (municipal_tax).
    folder : Path or str
        The folder of the parameters: rates/, price_index/ and unit_costs/ are read.

    Raises
    ------
    ParameterError
        If no parameter has that key; names the nearest.
    """
    folder = Path(folder)
    dated = {
        path: load_dated([path])
        for name in _DATED_FOLDERS
        for path in sorted((folder / name).glob("*.yaml"))
    }
    books = {path: load_price_book(path) for path in sorted((folder / _BOOK_FOLDER).glob("*.yaml"))}
    lines = [
        line
        for path, records in dated.items()
        if key in records
        for line in _dated_lines(records[key], path, folder)
    ]
    lines += [line for path, book in books.items() for line in _uses(key, path, book, folder)]
    lines += [
        line
        for path, book in books.items()
        for record in (*book.prices, *kept_of_tax(book))
        if record.key == key
        for line in _price_lines(record, path, book, folder)
    ]
    if not lines:
        known = sorted(
            {
                *(k for records in dated.values() for k in records),
                *(k for book in books.values() for k in book.records),
                *(record.key for book in books.values() for record in kept_of_tax(book)),
            }
        )
        hint = nearest(key, known)
        raise ParameterError(
            "There is no such parameter.",
            where=f'"{key}" '
            f"({hint if hint.startswith('did you') else f'{len(known)} keys known in {folder}'})",
            why="Parameters are found by their whole key.",
            fix="mend the key; the files in rates/, price_index/ and unit_costs/ list them.",
        )
    return lines


def _dated_lines(record: DatedRecord, path: Path, folder: Path) -> Iterator[str]:
    yield f"{record.key}  ({path.relative_to(folder)})"
    yield f"  {' / '.join(name for _, name in sorted(record.name.items()))}"
    actor = f"actor {record.actor}" if record.actor else None
    yield f"  unit {', '.join(filter(None, (record.unit, record.currency, actor)))}"
    for value in record.values:
        yield (
            f"  {value.period:<18} {value.value:>12g}{_range(value.distribution)}  {value.grade}  "
            f"{in_language(value.source or record.source, TABLE_LANGUAGE)}"
        )
    if record.note:
        yield f"  note: {record.note}"


def _uses(key: str, path: Path, book: PriceBook, folder: Path) -> Iterator[str]:
    """The prices of a book that are taken from a dated parameter."""
    for price in book_references(path).get(key, ()):
        yield (
            f"  used by {path.relative_to(folder)}: price {price} "
            f"({book.records[price].value:g} "
            f"{book.records[price].unit})"
        )


def _price_lines(record: PriceRecord, path: Path, book: PriceBook, folder: Path) -> Iterator[str]:
    money = f", {record.currency} at prices of {record.price_year}" if record.currency else ""
    yield f"{record.key}  ({path.relative_to(folder)})"
    yield f"  {' / '.join(name for _, name in sorted(record.name.items()))}"
    amount = f"{record.value:g}{_range(record.distribution)} {record.unit}{money}"
    yield f"  {amount}; grade {record.grade}"
    yield f"  source: {in_language(record.source, TABLE_LANGUAGE)}"
    if record.carried:
        yield f"  carried forward on request (carry_forward): {', '.join(record.carried)}"
    if record.note:
        yield f"  note: {record.note}"
    postings = [
        posting.posting
        for posting in book.postings
        if any(record.key in term for term in posting.terms)
    ]
    roles = [role for role, value in _roles(book) if value == record.key]
    owners = [
        f"{entry.intervention_id} in place of {replaced}"
        for entry in book.interventions
        for replaced, substitute in entry.prices.items()
        if substitute == record.key
    ] + [
        f"{entry.district} in place of {replaced}"
        for entry in book.districts
        for replaced, substitute in entry.prices.items()
        if substitute == record.key
    ]
    for label, names in (("postings", postings), ("appraisal", roles), ("own price of", owners)):
        if names:
            yield f"  used by {label}: {', '.join(names)}"


def _range(distribution: Distribution) -> str:
    if distribution.ends is None:
        return ""
    low, high = distribution.ends
    return f" ({distribution.kind} {low:g} to {high:g})"


def _roles(book: PriceBook) -> Iterator[tuple[str, str]]:
    appraisal = book.appraisal
    yield from (
        ("discount_rate", appraisal.discount_rate),
        ("cost_of_public_funds", appraisal.cost_of_public_funds),
    )
    yield from (
        (f"displacement {name}", key) for name, key in appraisal.displacement.model_dump().items()
    )
    for state, displacement in appraisal.displacement_by_state.items():
        yield from (
            (f"displacement {name} in {state}", key)
            for name, key in displacement.model_dump().items()
        )
    if appraisal.half_life:
        yield "half_life", appraisal.half_life
    if appraisal.income_equalisation:
        yield from (
            (f"income_equalisation {what}", key)
            for what, key in appraisal.income_equalisation.model_dump().items()
        )
    yield from (
        (f"household_split {actor}", key) for actor, key in appraisal.household_split.items()
    )
