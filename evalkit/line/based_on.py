"""Price books that rest on another: a municipality's own book says what is its own, and takes the
rest from the book that it names under `based_on`.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, RootModel

from evalkit.errors import ParameterError
from evalkit.line.price_book import (
    DistrictPrices,
    InterventionPrices,
    Livelihood,
    Posting,
    PriceBookFile,
    PriceByReference,
    PriceRecord,
)
from evalkit.records import Record, read_yaml, validate
from evalkit.vocabulary import Text

BASED_ON = "based_on"
# What is told apart by a name: an entry of the same name takes the other's place, others are added.
_NAMED_BY = {
    "prices": "key",
    "postings": "posting",
    "livelihoods": "state",
    "interventions": "intervention_id",
    "districts": "district",
}


class BookBasedOn(Record):
    """A price book that rests on another. What it does not say stands as there; an entry of the
    same name takes the other's place, others are added.
    """

    based_on: Path = Field(description="The book that it rests on, relative to this file.")
    book: str = Field(description="The book's name.")
    title: Text = Field(description="What pages call it, by language.")
    note: Text | None = Field(None, description="What pages say of it, by language.")
    currency: str | None = Field(None, description="The one currency of its money.")
    price_year: int | None = Field(None, description="The one year of its prices.")
    defaults: tuple[Path, ...] = Field(
        (), description="The files of dated parameters, all of them, in place of the other book's."
    )
    carry_forward: tuple[str, ...] = Field(
        (), description="Series whose last value stands for later years too, all of them."
    )
    appraisal: dict[str, Any] = Field(
        default_factory=dict, description="Rates of the method, each in place of the other book's."
    )
    livelihoods: tuple[Livelihood, ...] = Field((), description="Livelihoods by state.")
    prices: tuple[PriceRecord | PriceByReference, ...] = Field((), description="Prices by key.")
    postings: tuple[Posting, ...] = Field((), description="Postings by name.")
    interventions: tuple[InterventionPrices, ...] = Field(
        (), description="Interventions with prices of their own."
    )
    districts: tuple[DistrictPrices, ...] = Field(
        (), description="Districts with prices of their own."
    )


class AnyPriceBookFile(RootModel[PriceBookFile | BookBasedOn]):
    """A price book as its file may write it, for editors: whole, or resting on another."""


def price_book_content(path: Path | str) -> dict[str, Any]:
    """A price book's content as its file and the books that it rests on say it.

    Raises
    ------
    ParameterError
        If a file is missing, is no YAML or no price book, or books rest on each other in a circle.
    """
    return _content(Path(path), ())


def _content(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in above:
        raise ParameterError(
            "Price books rest on each other in a circle.",
            where=f"{path}, based_on",
            why="A book takes from another what it does not say; in a circle nobody says it.",
            fix="let one of them stand by itself.",
        )
    content = read_yaml(path)
    if not isinstance(content, dict) or BASED_ON not in content:
        return validate(content, dict[str, Any], where=str(path))
    own = validate(content, BookBasedOn, where=str(path))
    base = _content(path.parent / own.based_on, (*above, path.resolve()))
    folder = Path(os.path.relpath((path.parent / own.based_on).parent, path.parent))
    defaults = [(folder / file).as_posix() for file in base.get("defaults", ())]
    said = {name: value for name, value in content.items() if name != BASED_ON}
    return {
        **base,
        "defaults": defaults,
        **{name: value for name, value in said.items() if name not in _NAMED_BY},
        "appraisal": base.get("appraisal", {}) | said.get("appraisal", {}),
        **{
            name: _together(base.get(name, ()), said.get(name, ()), key)
            for name, key in _NAMED_BY.items()
        },
    }


def _together(base: Sequence[Any], own: Sequence[Mapping], key: str) -> list[Any]:
    """Entries of two books, the own ones in place of those of the same name."""
    by_name = {entry[key]: entry for entry in own}
    # What is no entry is left for the model to refuse.
    names = [entry.get(key) if isinstance(entry, dict) else None for entry in base]
    kept = [by_name.get(name, entry) for name, entry in zip(names, base, strict=True)]
    return [*kept, *(entry for name, entry in by_name.items() if name not in names)]
