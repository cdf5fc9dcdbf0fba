"""The languages: one file of texts per language (sv.yaml, en.yaml), and one record of how each
writes numbers (locales.yaml). Whatever languages have a file are there; none is named in code.

A further file holds what a language says otherwise where districts are called something else
(sv.municipalities.yaml).
"""

import re
import string
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from evalkit.errors import ParameterError, first_few
from evalkit.reads import listed
from evalkit.records import Record, read_yaml, validate
from evalkit.vocabulary import Language

FOLDER = Path(__file__).parent
LOCALES = "locales.yaml"
_FILE = re.compile(r"([a-z]{2,3})(?:\.([a-z_]+))?\.yaml")
_Texts = Mapping[str, str]


class Locale(Record):
    """How a language writes numbers and money, and what it is called in itself.

    link: what leads to a page in it. babel: the locale whose signs, months and currencies are used.
    percent: a text with {number}. money, money_of_code: patterns of an amount, ¤ for the currency,
    where it has a symbol and where it is a code of letters. counts: the words for none, one, two
    and so on. compound_tails: last parts before which a long compound may be divided.
    """

    name: str
    link: str
    babel: str
    percent: str
    money: str
    money_of_code: str
    counts: tuple[str, ...] = ()
    compound_tails: tuple[str, ...] = ()


def languages() -> tuple[Language, ...]:
    """The languages that have a file of texts, in alphabetical order."""
    return tuple(sorted(language for language, variant in _files(FOLDER) if not variant))


def texts_of(language: Language, *, districts_are: str = "districts") -> dict[str, str]:
    """The texts of a language by key.

    Parameters
    ----------
    language : str
        One of `languages`.
    districts_are : str
        What districts are called (`RunFile.districts_are`).

    Raises
    ------
    ParameterError
        If there is no such language, or a key or a placeholder is missing in one of the languages.
    """
    _refuse_unknown(language)
    files = _files(FOLDER)
    return {**files[language, ""], **files.get((language, districts_are), {})}


def locale_of(language: Language) -> Locale:
    """How a language writes numbers.

    Raises
    ------
    ParameterError
        If there is no such language, or its record is missing or not as declared.
    """
    _refuse_unknown(language)
    return _locales(FOLDER)[language]


def divided(word: str, hyphen: str) -> str:
    """A compound with a hyphen before its last part, if that is one of the parts known of any
    language; other words as they are.
    """
    start = next((word.rfind(tail) for tail in _compound_tails(FOLDER) if word.rfind(tail) > 2), -1)
    return f"{word[:start]}{hyphen}{word[start:]}" if start > 0 else word


def placeholders(template: str) -> set[str]:
    """The names in braces in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _refuse_unknown(language: Language) -> None:
    known = languages()
    if language not in known:
        raise ParameterError(
            "There is no such language.",
            where=f'"{language}"; languages that exist: {", ".join(known)}',
            why=f"A language is a file of texts and a record in {LOCALES}, both in {FOLDER.name}/.",
            fix=f"choose one of the languages, or add {language}.yaml and its record.",
        )


@cache
def _locales(folder: Path) -> dict[str, Locale]:
    path = folder / LOCALES
    declared = read_yaml(path)
    return {
        language: validate(declared.get(language), Locale, where=f"{path}, {language}")
        for language, variant in _files(folder)
        if not variant
    }


@cache
def _compound_tails(folder: Path) -> tuple[str, ...]:
    return tuple(tail for locale in _locales(folder).values() for tail in locale.compound_tails)


@cache
def _files(folder: Path) -> dict[tuple[str, str], _Texts]:
    """The texts of every language and of its further files, by language and what districts are
    called (empty: districts).
    """
    texts = {
        (match[1], match[2] or ""): read_yaml(path)
        for path in listed(folder, "*.yaml")
        if (match := _FILE.fullmatch(path.name))
    }
    faults = [*_missing(texts), *_uneven(texts)]
    if faults:
        raise ParameterError(
            f"{len(faults)} text{'s' if len(faults) > 1 else ''} of the languages' files "
            f"{'are' if len(faults) > 1 else 'is'} not as in the others.",
            where=f"{folder.name}/: {first_few(faults, 6)}",
            why="A page is written whole in one language or not at all; a missing word would be a "
            "hole in a sentence.",
            fix="write the text under the same key, with the same placeholders, in every "
            "language's file.",
        )
    return texts


def _missing(files: Mapping[tuple[str, str], _Texts]) -> Iterator[str]:
    """Keys that another language has in the file of the same kind, and keys of a further file that
    the language itself lacks.
    """
    of_kind: dict[str, set[str]] = {}
    for (_, variant), texts in files.items():
        of_kind.setdefault(variant, set()).update(texts)
    for language in sorted({language for language, _ in files}):
        for variant, keys in of_kind.items():
            texts = files.get((language, variant), {})
            lacking = sorted(key for key in keys if not texts.get(key))
            yield from (f"{_name(language, variant)} lacks {key}" for key in lacking)
        known = files.get((language, ""), {})
        for variant in of_kind:
            unknown = sorted(files.get((language, variant), {}).keys() - known.keys())
            yield from (f"{_name(language, '')} lacks {key}" for key in unknown)


def _uneven(files: Mapping[tuple[str, str], _Texts]) -> Iterator[str]:
    """Texts whose placeholders differ from those of the first language that has the key."""
    first: dict[str, set[str]] = {}
    for (language, variant), texts in files.items():
        for key, text in texts.items():
            names = placeholders(text or "")
            if names != first.setdefault(key, names):
                yield f"{_name(language, variant)}, {key}: other placeholders"


def _name(language: str, variant: str) -> str:
    return f"{language}.{variant}.yaml" if variant else f"{language}.yaml"
