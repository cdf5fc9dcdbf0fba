"""A price book read from its file: references to dated parameters are followed, and the book is
checked as a whole.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from evalkit.economics.prices.conversion import PRICE_INDEX
from evalkit.economics.prices.dated import DatedRecord, carried_forward, load_dated
from evalkit.economics.prices.references import in_money_of, resolve
from evalkit.economics.prices.rules.rule_set import refuse_faulty
from evalkit.errors import ParameterError
from evalkit.line.based_on import price_book_content
from evalkit.line.price_book import Factor, PriceBook, PriceByReference, PriceRecord
from evalkit.records import validate


def load_price_book(path: Path | str) -> PriceBook:
    """Read a price book (params/unit_costs/NAME.yaml) and check that its ledger can balance.

    Parameters
    ----------
    path : Path or str
        A YAML file with the fields of `PriceBook`; a price with `default` is taken from the dated
        parameters named under `defaults`, and what the file does not say from the book that it
        names under `based_on`.

    Returns
    -------
    PriceBook
        Frozen, with every price resolved; `records.hash_of` gives its vintage, which does not
        depend on where the file lies.

    Raises
    ------
    ParameterError
        If a file is missing, a key is unknown, missing or of the wrong type, or a dated value does
        not exist for the year asked.
    LedgerError
        If a price lacks what makes it comparable (currency, price year, a value inside its
        distribution, not negative), or a posting names an unknown price, actor or state or does not
        balance; names the file and the records.
    """
    content = price_book_content(path)
    return declare_price_book(content, where=str(path), folder=Path(path).parent)


def declare_price_book(content: dict, *, where: str, folder: Path | str = ".") -> PriceBook:
    """A price book from content already read; `where` names it in messages, `defaults` lie relative
    to `folder`.

    Checks and errors as `load_price_book`.
    """
    book = validate(_resolved(content, where=where, folder=Path(folder)), PriceBook, where=where)
    refuse_faulty(book, where)
    book._file = where
    return book


def book_references(path: Path | str) -> dict[str, tuple[str, ...]]:
    """Which dated parameters a book's file takes its prices from: by their key, the prices that use
    them.
    """
    users: dict[str, list[str]] = {}
    for price in price_book_content(path).get("prices", ()):
        if isinstance(price, dict) and "default" in price:
            entry = validate(price, PriceByReference, where=f"{path}, price {price.get('key')}")
            factors = (*entry.default.times, *entry.default.divided_by)
            scaling = [factor.key for factor in factors if isinstance(factor, Factor)]
            for key in (entry.default.key, *scaling):
                users.setdefault(key, []).append(entry.key)
    return {key: tuple(prices) for key, prices in users.items()}


def _resolved(content: dict, *, where: str, folder: Path) -> dict:
    """The content with every price that refers to a dated parameter filled in, and every amount of
    another year in money of the book's.
    """
    prices = content.get("prices")
    if not isinstance(prices, list | tuple) or not any(
        isinstance(price, dict) and ("default" in price or _is_of_another_year(price, content))
        for price in prices
    ):
        return content
    missing = [f'"{key}"' for key in ("currency", "price_year") if content.get(key) is None]
    if missing:
        raise ParameterError(
            f"The book does not say in which money it counts: {len(missing)} missing.",
            where=f"{where}, {', '.join(missing)}",
            why="Prices from the dated parameters are moved to the book's currency and price year.",
            fix="declare currency (for example SEK) and price_year (for example 2023) at the top "
            "of the file.",
        )
    records = dated_records(
        (folder / path for path in content.get("defaults", ())),
        content.get("carry_forward", ()),
        where=where,
    )
    return content | {"prices": [_filled(price, content, records, where) for price in prices]}


def dated_records(
    paths: Iterable[Path], carry_forward: Iterable[str], *, where: str
) -> Mapping[str, DatedRecord]:
    """The dated parameters of a book's files, with the series that it carries forward.

    Raises
    ------
    ParameterError, LedgerError
        As `load_dated` and `carried_forward`; `where` names the book.
    """
    records = load_dated(paths)
    try:
        return carried_forward(records, carry_forward)
    except ParameterError as fault:
        raise _in_book(fault, where) from None


def _is_of_another_year(price: dict, content: dict) -> bool:
    """Whether an amount is stated in money of another year, where the book names files that may
    hold a price index.
    """
    return bool(content.get("defaults")) and price.get("price_year") not in (
        None,
        content.get("price_year"),
    )


def _filled(price: object, content: dict, records: Mapping[str, DatedRecord], where: str) -> object:
    if not isinstance(price, dict):
        return price
    place, year = f"{where}, price {price.get('key')}", content["price_year"]
    try:
        if "default" in price:
            entry = validate(price, PriceByReference, where=place)
            currency = content["currency"]
            return resolve(entry, price_year=year, currency=currency, records=records).model_dump()
        if _is_of_another_year(price, content) and PRICE_INDEX in records:
            stated = validate(price, PriceRecord, where=place)
            return in_money_of(stated, price_year=year, records=records).model_dump()
    except ParameterError as fault:
        raise _in_book(fault, place) from None
    return price


def _in_book(fault: ParameterError, place: str) -> ParameterError:
    at = fault.where if fault.where.startswith(place) else f"{place}: {fault.where}"
    return ParameterError(fault.what, where=at, why=fault.why, fix=fault.fix)
