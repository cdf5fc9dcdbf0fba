"""Words that a run brings with it: what its protocols call an intervention, what its price book
calls a posting, what is assumed.

The run's own files hold these texts in every language of the run, so a city's names need not stand
in the languages' files.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from evalkit.errors import ParameterError, first_few
from evalkit.line.accounts import accounts_of
from evalkit.line.adjustment import step_term
from evalkit.line.based_on import BASED_ON, price_book_content
from evalkit.line.calendar import breaks_of
from evalkit.line.offer_codes import offer_codes
from evalkit.line.price_book import Posting, PriceBookFile
from evalkit.line.protocol import Protocol
from evalkit.line.protocols import load_protocols
from evalkit.params import Run
from evalkit.reads import keys_alone
from evalkit.records import validate
from evalkit.vocabulary import Language, Text, in_language
from evalkit.words.files import texts_of
from evalkit.words.language import Words, words


def words_of_run(run: Run, language: Language) -> Words:
    """The words of a language with everything the run brings: names of interventions and postings,
    and its own wording on top.

    In a language that the report is not in, what the run brings falls back on one that it has
    (`in_language`). Effects are told in the outcome of the run's protocols; where they differ,
    pages and pictures take each intervention's own.

    Raises
    ------
    ParameterError
        If a file that the run names is missing or faulty, or its wording is (see `words`).
    """
    texts = {**_names(run, language), **run.params.wording}
    if language not in run.params.languages:
        texts = {key: {language: in_language(text, language)} for key, text in texts.items()}
    told = words(language, texts, districts_are=run.params.districts_are)
    outcomes = {protocol.primary_outcome for protocol in protocols_of(run).values()}
    return told.about(outcomes.pop()) if len(outcomes) == 1 else told


def refuse_missing_words(run: Run, needed: Mapping[str, str]) -> None:
    """Refuse a run whose tables will hold values that its report has no word for.

    Parameters
    ----------
    run : Run
        The run.
    needed : mapping of str
        Value that a word is needed for -> where it is declared.

    Raises
    ------
    ParameterError
        Naming every value without a word, and where it is declared.
    """
    known = words_of_run(run, run.params.languages[0])
    missing = [f'"{value}" ({place})' for value, place in needed.items() if not known.has(value)]
    if missing:
        texts = ", ".join(f'{language}: "..."' for language in run.params.languages)
        raise ParameterError(
            f"{len(missing)} value{'s have' if len(missing) > 1 else ' has'} no word in the "
            "report.",
            where=f"{run.run_file.name}, wording: {'; '.join(missing)}",
            why="The report shows them to readers in every language of the run; without a word its "
            "pages could not be made. Nothing was run.",
            fix=f"add each under wording in the run file: value.NAME: {{{texts}}}.",
        )


def refuse_missing_texts(run: Run, records: Mapping[str, BaseModel]) -> None:
    """Refuse a run in a language that does not exist, or one of whose texts lacks a language.

    Parameters
    ----------
    run : Run
        The run; its own file is looked at too.
    records : mapping of str
        What a file is called -> its record, for the protocols and the price book of the run.

    Raises
    ------
    ParameterError
        If there is no such language, with those that exist; or naming every text that lacks one.
    """
    for language in run.params.languages:
        texts_of(language)
    missing = [
        f"{file}: {path} (no {language})"
        for file, record in {run.run_file.name: run.params, **records}.items()
        for path, text in _texts_in(type(record), record)
        for language in run.params.languages
        if not text.get(language, "").strip()
    ]
    if missing:
        raise ParameterError(
            f"{len(missing)} text{'s are' if len(missing) > 1 else ' is'} missing in a language of "
            "the run.",
            where=first_few(missing, 6),
            why="Each page is written whole in one language. Nothing was run.",
            fix="write the texts in the languages named, or take the language from `languages` in "
            "the run file.",
        )


def with_names_of_run(given: Words, run: Run) -> Words:
    """The same words, with the run's names for what they have no word for yet."""
    names = {
        key: in_language(text, given.language) for key, text in _names(run, given.language).items()
    }
    return replace(given, entries={**names, **given.entries})


def protocols_of(run: Run) -> dict[str, Protocol]:
    """The run's protocols, by intervention."""
    return {protocol.intervention_id: protocol for protocol in load_protocols(run)}


def inside_sentence(name: str) -> str:
    """A title as it stands inside a sentence; names and abbreviations ("CSN") keep their
    capital.
    """
    is_plain_word = name[:1].isupper() and name[1:2].islower()
    return name[:1].lower() + name[1:] if is_plain_word else name


def _names(run: Run, language: Language) -> dict[str, Text]:
    """What the run's files call interventions, groups, postings, breaks in the calendar and areas
    of costs, and what it is to live in each of its districts.
    """
    protocols, book = protocols_of(run).values(), run.params.value.price_book
    titles = {protocol.intervention_id: protocol.title for protocol in protocols}
    titles |= {group.name: group.title for protocol in protocols for group in protocol.subgroups}
    if book:
        titles |= {posting.posting: posting.name for posting in _postings(run.path(book))}
    lives_in = texts_of(language)["covariate.lives_in"]
    titles |= {
        f"lives_in_{district}": {language: lives_in.format(district=district)}
        for district in run.params.districts
    }
    plain = words(language)
    titles |= {
        str(protocol.other_start): {
            language: plain.text(
                "activity.fewer_hours",
                intervention=inside_sentence(in_language(protocol.title, language)),
                hours=protocol.dose_hours,
            )
        }
        for protocol in protocols
        if protocol.dose_hours
    }
    titles |= {
        step_term(one.key): {
            language: plain.text(
                "activity.after",
                month=plain.month(one.month),
                title=inside_sentence(in_language(one.title, language)),
            )
        }
        for one in breaks_of(run)
    }
    titles |= offer_codes(run).names()
    accounts = accounts_of(run)
    titles |= {f"cost_area_{area.key}": area.name for area in accounts.areas}
    titles |= {f"recoding_{rule.key}": rule.title for rule in accounts.rules}
    return {
        f"value.{key}": {code: inside_sentence(name) for code, name in title.items()}
        for key, title in titles.items()
    }


def _texts_in(kind: Any, value: Any, path: str = "") -> Iterator[tuple[str, Text]]:
    """The texts of a record and of the records within it, each with its path: prices.wage.name.

    `kind` is the declared type of the value: a text is told from other mappings by it.
    """
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if Text in kinds and value is not None and not isinstance(value, str):
        yield path, value
        return
    for name, item_kind, item in _items_of(kinds, value):
        yield from _texts_in(item_kind, item, f"{path}.{name}" if path else name)


def _items_of(kinds: tuple[Any, ...], value: Any) -> Iterator[tuple[str, Any, Any]]:
    """The fields of a record or the items of a collection, by name, with their declared types; an
    item of a list is named by its key if it has one.
    """
    if isinstance(value, BaseModel):
        for name, declared in type(value).model_fields.items():
            yield name, declared.annotation, getattr(value, name)
    elif isinstance(value, dict | tuple):
        collection = next((kind for kind in kinds if get_args(kind)), None)
        *_, item_kind = [arg for arg in get_args(collection) if arg is not Ellipsis] or [None]
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, item in items:
            key = getattr(item, "key", None) or getattr(item, "posting", None) or name
            yield str(key), item_kind, item


@cache
def _postings(path: Path) -> tuple[Posting, ...]:
    with keys_alone("postings", BASED_ON):
        return validate(price_book_content(path), PriceBookFile, where=str(path)).postings
