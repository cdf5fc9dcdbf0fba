"""The words of the report: one catalogue in Swedish and English, and numbers as readers of each
language write them.

A key names a sentence (`change.unclear`) or a value found in tables (`value.work`, asked for as
`work`). Texts hold placeholders in braces. A placeholder that nobody fills is looked up as a value,
so one word of the run file, say `support`, changes every sentence that uses it. Values stand in the
catalogue as they stand inside a sentence; `label` begins them with a capital. A value may be asked
for under the name of its column: `state.work`, `exit.work` and `work` are one word.
"""

import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from markupsafe import Markup, escape

from evalkit.errors import ParameterError, nearest
from evalkit.vocabulary import Language, Text, divided

CATALOGUE = Path(__file__).with_name("catalogue.yaml")
LOCALES: dict[Language, str] = {"sv": "sv_SE", "en": "en_GB"}
_EFFECT_COLUMNS = ("intervention", "estimand", "covariate", "convention", "arm", "outcome")
_MONEY_COLUMNS = ("actor", "perspective", "posting", "kind", "price")
VALUE_COLUMNS = frozenset(
    ("value", "district", "measure", "state", "exit", *_EFFECT_COLUMNS, *_MONEY_COLUMNS)
)
# A probability nearer to none or all than this is said as a bound: fifty draws of an effect cannot
# tell 99 per cent from 100.
UNLIKELY = 0.02
_NUMBERS_KEPT = 20_000  # more than the two pages of a district hold
NBSP, MINUS, SOFT_HYPHEN = "\u00a0", "\u2212", "\u00ad"
# What a covariate becomes in a model beside its own column (evalkit.line.adjustment).
_TERM = re.compile(
    r"(?P<covariate>value\..+?)_(?P<what>unknown|never|curve|from)(?:_(?P<number>\d+))?"
)
# Words that do not fit the column of a key figure.
_LONG_WORD = re.compile(r"\w{17,}")


@dataclass(frozen=True)
class Words:
    """The words of one language: texts by key, and numbers, shares, money, months and ranges in the
    reader's own spelling.

    `outcome` is what effects are told in (work, studies ...).
    """

    language: Language
    entries: Mapping[str, str] = field(repr=False)
    outcome: str = "work"

    def about(self, outcome: str, **others: str) -> "Words":
        """The same words about effects on another outcome, so that {in_outcome} and {outcome_noun}
        are its own, and with other values anew.
        """
        values = {"outcome_noun": f"{{{outcome}}}", **others}
        return replace(
            self,
            entries={**self.entries, **{f"value.{name}": text for name, text in values.items()}},
            outcome=outcome,
        )

    def text(self, key: str, **values: Any) -> str:
        """The text of a key with its placeholders filled.

        Raises
        ------
        ParameterError
            If the key is not in the catalogue (the nearest key is named) or a placeholder is not
            filled.
        """
        template = self._template(key)
        return template.format(**self._filled(key, template, values))

    def html(self, key: str, **values: Any) -> Markup:
        """The same as markup: the text and plain values are escaped, values that are markup already
        stand as they are.
        """
        template = self._template(key)
        return Markup(escape(template)).format(**self._filled(key, template, values))

    def label(self, key: str) -> str:
        """The text of a key as a label: its first letter a capital."""
        return capitalise(self.text(key))

    def has(self, key: str) -> bool:
        """Whether the catalogue holds a key, as a text or as a value."""
        return key in self.entries or value_key(key) in self.entries or self._term(key) is not None

    def group(self, group: str) -> str:
        """A group of people as a label: "Women"; a band of ages ("–24", "25–49", "50–") in words;
        other groups as they stand in the table.
        """
        if self.has(f"group.{group}"):
            return self.text(f"group.{group}")
        youngest, dash, oldest = group.partition("–")
        if not dash:
            return group.replace("_", " ")
        if not youngest:
            return self.text("group.under", age=int(oldest) + 1)
        return (
            self.text("group.aged", ages=group)
            if oldest
            else self.text("group.and_older", age=youngest)
        )

    def price(self, key: str, name: str) -> str:
        """A price's name; one of an intervention's own ("programme_place.coaching") ends with the
        intervention's word, not its delivered name.
        """
        _, _, intervention = key.rpartition(".")
        if intervention == key or not self.has(intervention):
            return name
        return f"{name.rpartition(': ')[0] or name}: {self.text(intervention)}"

    def number(self, value: float, digits: int = 0) -> str:
        """A number with a fixed count of decimals; negative `digits` rounds to tens, hundreds and
        so on.
        """
        rounded = _rounded(value, digits)
        pattern = "#,##0." + "0" * digits if digits > 0 else "#,##0"
        return _decimal(rounded, pattern, self.language)

    def percent(self, share: float, digits: int = 0) -> str:
        """A share (0-1) as per cent; one that would be rounded to none, though it is more, as less
        than the smallest number written.
        """
        if share > 0 and _rounded(share * 100, digits) == 0:
            return self.text("unit.under", number=self.percent(10.0 ** -(digits + 2), digits))
        return self.number(share * 100, digits) + self.text("unit.percent_sign")

    def signed_percent(self, share: float, digits: int = 0) -> str:
        """A share as per cent whose plus is written too: a change by a part of itself."""
        return self.signed(share * 100, digits) + self.text("unit.percent_sign")

    def probability(self, share: float, digits: int = 0) -> str:
        """A probability from draws as per cent; near none or all of the draws as a bound, since
        draws do not show more.
        """
        if UNLIKELY <= share <= 1 - UNLIKELY:
            return self.percent(share, digits)
        side, bound = ("under", UNLIKELY) if share < UNLIKELY else ("over", 1 - UNLIKELY)
        return self.text(f"unit.{side}", number=self.percent(bound))

    def points(self, share: float, digits: int = 0) -> str:
        """A difference between shares (0-1) as a number of percentage points, signed, without the
        unit.
        """
        return self.signed(share * 100, digits)

    def signed(self, value: float, digits: int = 0) -> str:
        """A number whose plus is written too: a change."""
        return ("+" if _rounded(value, digits) > 0 else "") + self.number(value, digits)

    def money(
        self, value: float, currency: str, digits: int = 0, *, is_signed: bool = False
    ) -> str:
        """An amount with its currency; negative `digits` rounds to tens, hundreds and so on; a plus
        is written if asked for.
        """
        rounded = _rounded(value, digits)
        return ("+" if is_signed and rounded > 0 else "") + _amount(
            rounded, currency, self._money_pattern(currency), self.language
        )

    def interval(
        self, low: float, high: float, digits: int = 0, *, kind: str = "number", currency: str = ""
    ) -> str:
        """A range in words ("3 to 12"): `kind` is number, percent, points or money."""
        show = {"number": self.number, "percent": self.percent, "points": self.points}.get(kind)
        low_text, high_text = (
            show(v, digits) if show else self.money(v, currency, digits) for v in (low, high)
        )
        return self.text("unit.range", low=low_text, high=high_text)

    def month(self, month: date) -> str:
        """A month in words: "juli 1993", "July 1993"."""
        return format_date(month, "LLLL y", locale=LOCALES[self.language]).replace(" ", NBSP)

    def listing(self, items: list[str], *, separator: str = ",") -> str:
        """Items as a list in a sentence: "a, b and c"; a semicolon where items hold commas
        themselves.
        """
        if len(items) < 2:
            return "".join(items)
        last_but_one = f"{separator} ".join(items[:-1]) + (separator if separator != "," else "")
        return f"{last_but_one} {self.text('unit.and')} {items[-1]}"

    def listing_html(self, items: list[Markup]) -> Markup:
        """The same for items that are markup already; plain text is escaped."""
        return Markup(self.listing([escape(item) for item in items]))

    def _money_pattern(self, currency: str) -> str:
        # English readers write the symbol first, and a space between a code of letters and the
        # amount.
        if self.language == "sv":
            return f"#,##0{NBSP}¤"
        return "¤#,##0" if _has_symbol(currency) else f"¤{NBSP}#,##0"

    def _template(self, key: str) -> str:
        for name in (key, value_key(key)):
            if name in self.entries:
                return self.entries[name]
        if term := self._term(key):
            return term
        known = {name.removeprefix("value.") for name in self.entries}
        raise ParameterError(
            f'The catalogue has no text "{key}".',
            where=f"evalkit/words/catalogue.yaml, language {self.language}",
            why="A page is written whole in one language or not at all; a missing word would be a "
            "hole in a sentence.",
            fix=f'add "{key}" to the catalogue, or "value.{key}" under wording in the run file; '
            f"{_near(key, known)}",
        )

    def _term(self, key: str) -> str | None:
        """The text of a further term of a covariate that has a word ("months_on_support_unknown",
        "calendar_time_curve_2"), if it is one.
        """
        found = _TERM.fullmatch(value_key(key))
        if found is None or found["covariate"] not in self.entries:
            return None
        covariate, number = self.entries[found["covariate"]], found["number"] or ""
        return (
            self.entries[f"term.{found['what']}"]
            .replace("{covariate}", covariate)
            .replace("{number}", number)
        )

    def _filled(self, key: str, template: str, values: dict[str, Any]) -> dict[str, Any]:
        filled = dict(values)
        for name in placeholders(template) - values.keys():
            if not self.has(name):
                raise ParameterError(
                    f'The text "{key}" has a placeholder that was not filled.',
                    where=f"evalkit/words/catalogue.yaml, {key}: {{{name}}}, language "
                    f"{self.language}",
                    why="The sentence would be printed with a hole in it.",
                    fix=f"hand on a value for {name}; values given: "
                    f"{', '.join(sorted(values)) or 'none'}.",
                )
            filled[name] = self.text(name)
        return filled


def words(language: Language, wording: Mapping[str, Text] | None = None) -> Words:
    """The words of a language, with a run's own wording laid over the catalogue.

    Parameters
    ----------
    language : {"sv", "en"}
        The reader's language.
    wording : mapping, optional
        `RunFile.wording`: texts by key. A key must be known, except that `value.NAME` may be added
        for a value of the run's own tables (an intervention, a covariate, a posting).

    Raises
    ------
    ParameterError
        If a key is unknown, a language is missing or a placeholder is not one that the text has.
    """
    catalogue = read_catalogue()
    texts = {key: entry[language] for key, entry in catalogue.items()}
    texts.update(
        {key: text[language] for key, text in _checked_wording(catalogue, wording or {}).items()}
    )
    return Words(language, texts)


def read_catalogue() -> dict[str, Text]:
    """The catalogue: for every key its text in Swedish and English."""
    return _texts_in(CATALOGUE)


def wording_for(districts_are: str) -> dict[str, Text]:
    """The texts that differ from the catalogue's where districts are called something else
    (`RunFile.districts_are`).
    """
    return (
        {}
        if districts_are == "districts"
        else _texts_in(CATALOGUE.with_name(f"{districts_are}.yaml"))
    )


def value_key(key: str) -> str:
    """The catalogue's key of a value: `work`, `state.work` and `value.work` are all
    `value.work`.
    """
    column, dot, value = key.partition(".")
    return f"value.{value if dot and column in VALUE_COLUMNS else key}"


def with_soft_hyphens(text: str) -> str:
    """The text, or markup, with soft hyphens in its long compounds, so that a narrow column divides
    them as a reader would.
    """
    return type(text)(_LONG_WORD.sub(lambda word: divided(word[0], SOFT_HYPHEN), text))


def placeholders(template: str) -> set[str]:
    """The names in braces in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def capitalise(text: str) -> str:
    """The text with its first letter a capital."""
    return text[:1].upper() + text[1:]


@cache
def _texts_in(path: Path) -> dict[str, Text]:
    return yaml.load(
        path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )


def _checked_wording(catalogue: dict[str, Text], wording: Mapping[str, Text]) -> dict[str, Text]:
    known = {name.removeprefix("value.") for name in catalogue}
    own = {key if key in catalogue else value_key(key): text for key, text in wording.items()}
    unknown = [
        key
        for key in wording
        if not (key in catalogue or value_key(key) in catalogue or key.startswith("value."))
    ]
    faults = [f'unknown key "{key}" ({_near(key, known)})' for key in unknown]
    for key, text in own.items():
        faults += [f'"{key}" lacks {language}' for language in LOCALES if language not in text]
        allowed = set().union(*map(placeholders, catalogue.get(key, {}).values()))
        surplus = set().union(*map(placeholders, text.values())) - allowed
        faults += [
            f'"{key}" has an unknown placeholder {json.dumps(name)}' for name in sorted(surplus)
        ]
    if faults:
        raise ParameterError(
            f"{len(faults)} fault{'s' if len(faults) > 1 else ''} in the run's own wording.",
            where=f"wording: {'; '.join(faults)}",
            why="Wording replaces texts of evalkit/words/catalogue.yaml in both languages; new "
            "words may only name values of tables.",
            fix="mend the named keys; a word for a value of the run's own tables is added as "
            "value.NAME.",
        )
    return own


def _near(key: str, known: set[str]) -> str:
    hint = nearest(key, known)
    return hint if hint.startswith("did you") else "no key is near it."


def _rounded(value: float, digits: int) -> Decimal:
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    return rounded if rounded else Decimal(0)  # no negative zero


# The same numbers stand in many places of a page: in a sentence, a table, a range.
@lru_cache(maxsize=_NUMBERS_KEPT)
def _decimal(value: Decimal, pattern: str, language: Language) -> str:
    return _typographic(format_decimal(value, pattern, locale=_locale(language)))


@lru_cache(maxsize=_NUMBERS_KEPT)
def _amount(value: Decimal, currency: str, pattern: str, language: Language) -> str:
    return _typographic(
        format_currency(
            value, currency, format=pattern, locale=_locale(language), currency_digits=False
        )
    )


@cache
def _locale(language: Language) -> Locale:
    return Locale.parse(LOCALES[language])


@cache
def _has_symbol(currency: str) -> bool:
    return format_currency(0, currency, format="¤", locale=LOCALES["en"]) != currency


def _typographic(text: str) -> str:
    return text.replace("-", MINUS).replace(" ", NBSP).replace("\u202f", NBSP)
