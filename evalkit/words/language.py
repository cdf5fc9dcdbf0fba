"""The words of one language: texts by key, and numbers as its readers write them.

A key names a sentence (`change.unclear`) or a value found in tables (`value.work`, asked for as
`work`). Texts hold placeholders in braces. A placeholder that nobody fills is looked up as a value,
so one word of the run file, say `support`, changes every sentence that uses it. Values stand in the
languages' files as they stand inside a sentence; `label` begins them with a capital. A value may be
asked for under the name of its column: `state.work`, `exit.work` and `work` are one word.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, Literal

from babel.dates import format_date
from markupsafe import Markup, escape

from evalkit.errors import ParameterError, nearest
from evalkit.line.states import CLOSER
from evalkit.vocabulary import Language, Text, in_language
from evalkit.words import numbers
from evalkit.words.files import Locale, divided, locale_of, placeholders, texts_of
from evalkit.words.numbers import NBSP

_EFFECT_COLUMNS = ("intervention", "estimand", "covariate", "convention", "arm", "outcome")
_MONEY_COLUMNS = ("actor", "perspective", "posting", "kind", "price")
VALUE_COLUMNS = frozenset(
    ("value", "district", "measure", "state", "exit", *_EFFECT_COLUMNS, *_MONEY_COLUMNS)
)
# A probability nearer to none or all than this is said as a bound: fifty draws of an effect cannot
# tell 99 per cent from 100.
UNLIKELY = 0.02
_MONTHS_PER_YEAR = 12
SOFT_HYPHEN = "\u00ad"
Kind = Literal["number", "signed", "percent", "points", "money"]
# What a covariate becomes in a model beside its own column (evalkit.line.adjustment).
_TERM = re.compile(
    r"(?P<covariate>value\..+?)_(?P<what>unknown|never|curve|from)(?:_(?P<number>\d+))?"
)
_NAME = "name_"  # before the language in the columns of the table prices
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
        if f"value.in_{outcome}" in self.entries:
            values["in_outcome"] = f"{{in_{outcome}}}"
        if outcome == CLOSER:
            # Months on the next step are told apart from the other months on support.
            values["months_support"] = "{months_support_without_step}"
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
            If there is no such key (the nearest one is named) or a placeholder is not filled.
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
        """Whether there is a word for a key, as a text or as a value."""
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

    def price(self, row: Mapping[str, Any]) -> str:
        """The name of a price from its row of the table prices (`price`, `name_en` ...); one of an
        intervention's own ("programme_place.coaching") ends with the intervention's word.
        """
        key = row["price"]
        names = {
            column.removeprefix(_NAME): name
            for column, name in row.items()
            if column.startswith(_NAME) and name
        }
        name = in_language(names, self.language)
        _, _, intervention = key.rpartition(".")
        if intervention == key or not self.has(intervention):
            return name
        return f"{name.rpartition(': ')[0] or name}: {self.text(intervention)}"

    def price_source(self, row: Mapping[str, Any]) -> str:
        """The source of a price from its row of the table prices (`source`, `source_en` ...)."""
        return row.get(f"source_{self.language}") or row["source"]

    @cached_property
    def locale(self) -> Locale:
        """How the language writes numbers."""
        return locale_of(self.language)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with a fixed count of decimals; negative `digits` rounds to tens, hundreds and
        so on.
        """
        rounded = numbers.rounded(value, digits)
        return numbers.decimal_text(rounded, max(digits, 0), self.locale.babel)

    def people(self, count: float) -> str:
        """A published number of people, spells or episodes, which is one to the nearest five: 0 as
        what it stands for, "0–2".
        """
        return self.number(count) if count else self.text("unit.few")

    def count(self, count: int, *, one: str = "") -> str:
        """A small count of things in words, "three"; a larger one in figures. `one` is the word
        for a single thing where the language has several.
        """
        if count == 1 and one:
            return one
        named = self.locale.counts
        return named[count] if count < len(named) else self.number(count)

    def duration(self, months: int) -> str:
        """A number of months as a length of time, in years where they are whole: "five years", "18
        months".
        """
        years, rest = divmod(int(months), _MONTHS_PER_YEAR)
        if years and not rest:
            return self.text(
                "duration.year" if years == 1 else "duration.years", number=self.count(years)
            )
        return self.text(
            "duration.month" if months == 1 else "duration.months", number=self.number(months)
        )

    def signed(self, value: float, digits: int = 0) -> str:
        """A number whose plus is written too: a change."""
        sign = "+" if numbers.rounded(value, digits) > 0 else ""
        return sign + self.number(value, digits)

    def percent(self, share: float, digits: int = 0) -> str:
        """A share (0-1) as per cent; one that would be rounded to none, though it is more, as less
        than the smallest number written.
        """
        if share > 0 and numbers.rounded(share * 100, digits) == 0:
            return self.text("unit.under", number=self.percent(10.0 ** -(digits + 2), digits))
        return self.locale.percent.format(number=self.number(share * 100, digits))

    def signed_percent(self, share: float, digits: int = 0) -> str:
        """A share as per cent whose plus is written too: a change by a part of itself."""
        return self.locale.percent.format(number=self.signed(share * 100, digits))

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

    def money(
        self, value: float, currency: str, digits: int = 0, *, is_signed: bool = False
    ) -> str:
        """An amount with its currency; negative `digits` rounds to tens, hundreds and so on; a plus
        is written if asked for.
        """
        locale, rounded = self.locale, numbers.rounded(value, digits)
        has_symbol = numbers.has_symbol(currency, locale.babel)
        pattern = locale.money if has_symbol else locale.money_of_code
        sign = "+" if is_signed and rounded > 0 else ""
        return sign + numbers.money_text(rounded, currency, pattern, locale.babel)

    def millions(self, value: float, currency: str, digits: int = 0) -> str:
        """An amount with its currency, in millions."""
        rounded = numbers.rounded(value / 1e6, digits)
        has_symbol = numbers.has_symbol(currency, self.locale.babel)
        text = self.text(
            "unit.millions" if has_symbol else "unit.millions_of_code",
            number=self.number(float(abs(rounded)), digits),
            currency=self.currency(currency),
        )
        return (numbers.MINUS if rounded < 0 else "") + text.replace(" ", NBSP)

    def currency(self, code: str) -> str:
        """A currency as amounts are written with it: its symbol where readers have one."""
        return numbers.symbol_of(code, self.locale.babel)

    def interval(
        self, low: float, high: float, digits: int = 0, *, kind: Kind = "number", currency: str = ""
    ) -> str:
        """A range in words: "3 to 12"."""
        low_text, high_text = (
            self._of_kind(limit, digits, kind, currency) for limit in (low, high)
        )
        return self.text("unit.range", low=low_text, high=high_text)

    def estimate(
        self,
        value: float,
        low: float | None,
        high: float | None,
        digits: int = 0,
        *,
        kind: Kind = "number",
    ) -> str:
        """An estimate with its range, "+1.2 (−0.3 to 2.7)", or alone where it has none. Limits
        carry no plus.
        """
        text = self._of_kind(value, digits, kind)
        if low is None or high is None or low == high:
            return text
        limits = self.interval(low, high, digits, kind="number" if kind == "signed" else kind)
        return f"{text} ({limits})"

    def month(self, month: date) -> str:
        """A month in words: "juli 1993", "July 1993"."""
        return format_date(month, "LLLL y", locale=self.locale.babel).replace(" ", NBSP)

    def d3_locale(self) -> dict[str, object]:
        """The signs of numbers on the axes of charts, as d3 reads them."""
        return numbers.d3_locale(self.locale.babel, self.locale.percent)

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

    def _of_kind(self, value: float, digits: int, kind: Kind, currency: str = "") -> str:
        if kind == "money":
            return self.money(value, currency, digits)
        write = {
            "number": self.number,
            "signed": self.signed,
            "percent": self.percent,
            "points": self.points,
        }[kind]
        return write(value, digits)

    def _template(self, key: str) -> str:
        for name in (key, value_key(key)):
            if name in self.entries:
                return self.entries[name]
        if term := self._term(key):
            return term
        known = {name.removeprefix("value.") for name in self.entries}
        raise ParameterError(
            f'There is no text "{key}".',
            where=f"evalkit/words/{self.language}.yaml",
            why="A page is written whole in one language or not at all; a missing word would be a "
            "hole in a sentence.",
            fix=f'add "{key}" to every language, or "value.{key}" under wording in the run file; '
            f"{_near(key, known)}",
        )

    def _term(self, key: str) -> str | None:
        """The text of a further term of a covariate that has a word ("months_on_support_unknown",
        "calendar_time_curve_2"), if it is one.
        """
        term = _TERM.fullmatch(value_key(key))
        if term is None or term["covariate"] not in self.entries:
            return None
        covariate, number = self.entries[term["covariate"]], term["number"] or ""
        return (
            self.entries[f"term.{term['what']}"]
            .replace("{covariate}", covariate)
            .replace("{number}", number)
        )

    def _filled(self, key: str, template: str, values: dict[str, Any]) -> dict[str, Any]:
        filled = dict(values)
        for name in placeholders(template) - values.keys():
            if not self.has(name):
                raise ParameterError(
                    f'The text "{key}" has a placeholder that was not filled.',
                    where=f"evalkit/words/{self.language}.yaml, {key}: {{{name}}}",
                    why="The sentence would be printed with a hole in it.",
                    fix=f"hand on a value for {name}; values given: "
                    f"{', '.join(sorted(values)) or 'none'}.",
                )
            filled[name] = self.text(name)
        return filled


def words(
    language: Language,
    wording: Mapping[str, Text] | None = None,
    *,
    districts_are: str = "districts",
) -> Words:
    """The words of a language, with a run's own wording laid over its file.

    Parameters
    ----------
    language : str
        The reader's language: one of `languages`.
    wording : mapping, optional
        `RunFile.wording`: texts by key. A key must be known, except that `value.NAME` may be added
        for a value of the run's own tables (an intervention, a covariate, a posting).
    districts_are : str
        What districts are called (`RunFile.districts_are`).

    Raises
    ------
    ParameterError
        If there is no such language, a key of the wording is unknown, lacks the language or has a
        placeholder that the text has not.
    """
    texts = texts_of(language, districts_are=districts_are)
    own = _checked_wording(texts, wording or {}, language)
    if "value.support" in own:
        # Whoever gives support another word may say what it is to be without it, or nothing.
        own = {"value.without_support": texts["value.not_support"], **own}
    return Words(language, {**texts, **own})


def value_key(key: str) -> str:
    """The key of a value: `work`, `state.work` and `value.work` are all `value.work`."""
    column, dot, value = key.partition(".")
    return f"value.{value if dot and column in VALUE_COLUMNS else key}"


def with_soft_hyphens(text: str) -> str:
    """The text, or markup, with soft hyphens in its long compounds, so that a narrow column divides
    them as a reader would.
    """
    return type(text)(_LONG_WORD.sub(lambda word: divided(word[0], SOFT_HYPHEN), text))


def capitalise(text: str) -> str:
    """The text with its first letter a capital."""
    return text[:1].upper() + text[1:]


def _checked_wording(
    texts: Mapping[str, str], wording: Mapping[str, Text], language: Language
) -> dict[str, str]:
    known = {name.removeprefix("value.") for name in texts}
    replaced = {key if key in texts else value_key(key): text for key, text in wording.items()}
    faults = [
        f'unknown key "{key}" ({_near(key, known)})'
        for key in wording
        if not (key in texts or value_key(key) in texts or key.startswith("value."))
    ]
    for key, text in replaced.items():
        faults += [] if text.get(language) else [f'"{key}" lacks {language}']
        surplus = placeholders(text.get(language, "")) - placeholders(texts.get(key, ""))
        faults += [
            f'"{key}" has an unknown placeholder {json.dumps(name)}' for name in sorted(surplus)
        ]
    if faults:
        raise ParameterError(
            f"{len(faults)} fault{'s' if len(faults) > 1 else ''} in the run's own wording.",
            where=f"wording: {'; '.join(faults)}",
            why=f"Wording replaces texts of evalkit/words/{language}.yaml in every language of the "
            "run; new words may only name values of tables.",
            fix="mend the named keys; a word for a value of the run's own tables is added as "
            "value.NAME.",
        )
    return {key: text[language] for key, text in replaced.items()}


def _near(key: str, known: set[str]) -> str:
    hint = nearest(key, known)
    return hint if hint.startswith("did you") else "no key is near it."
