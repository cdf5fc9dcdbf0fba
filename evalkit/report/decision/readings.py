"""What the past shows of each intervention: the same answer under both readings of its effect, two
answers, or nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from evalkit.report.decision.offered import Offered, months_of
from evalkit.report.decision.panels import named
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import Row
from evalkit.report.parts.readings import (
    READINGS,
    Readings,
    if_it_lasts,
    nothing_in_the_past,
    reading_in_brackets,
    readings_of,
)

_MOST_TOLD = 2  # interventions with a sentence of their own; the numbers of all are in the fold


@dataclass(frozen=True)
class ReadingsHere:
    """What the readings say of those that are offered: for each whether both say the same (none of
    those whose past shows nothing), in sentences, and the numbers of each by its name.
    """

    holding: tuple[bool, ...]
    text: Markup
    numbers: tuple[tuple[Offered, Markup], ...]


def readings_here(brief: Brief, ones: Sequence[Offered]) -> ReadingsHere:
    """What both readings say of each intervention whose figures are shown, in a sentence for each
    where they part and in one for all that they say the same of.
    """
    told = [
        (answer, one, row)
        for one in ones
        if (row := brief.tables.row("effect_span", **one.keys))
        and (answer := readings_of(row, months_of(brief, one)))
    ]
    silent = [one for answer, one, _ in told if answer == "past_shows_nothing"]
    read = [line for line in told if line[0] != "past_shows_nothing"]
    holding = [answer in ("same", "both_unclear") for answer, _, _ in read]
    sentences = [*_sentences(brief, read, len(ones)), *_nothing(brief, silent)]
    return ReadingsHere(
        tuple(holding + [False] * len(silent) if read else ()),
        Markup(" ").join(Markup('<span class="past">{}</span>').format(one) for one in sentences),
        tuple((one, _numbers(brief, row)) for _, one, row in read),
    )


def _numbers(brief: Brief, row: Row) -> Markup:
    pair = {name: reading_in_brackets(brief, row, name) for name in READINGS}
    return brief.words.html("readings.numbers", **pair)


def _sentences(
    brief: Brief, read: Sequence[tuple[Readings, Offered, Row]], n_offered: int
) -> Iterable[Markup]:
    words = brief.words
    for same in ("same", "less_sure", "both_unclear"):
        told = [one for answer, one, _ in read if answer == same]
        if told and len(told) == n_offered:
            yield words.html(f"readings.{same}_all")
        elif told:
            yield words.html(f"readings.{same}", interventions=named(brief, told))
    apart = [(one, row) for answer, one, row in read if answer == "apart"]
    if len(apart) > _MOST_TOLD:
        yield words.html(
            "readings.apart_many", interventions=named(brief, [one for one, _ in apart])
        )
    else:
        for one, row in apart:
            yield if_it_lasts(brief, one.intervention_id, row, whom=_whom(brief, one))


def _nothing(brief: Brief, silent: Sequence[Offered]) -> Iterable[Markup]:
    """The same sentence once for those of the same window and outcome."""
    together: dict[str, list[Offered]] = {}
    for one in silent:
        together.setdefault(str(nothing_in_the_past(brief, one.intervention_id, "")), []).append(
            one
        )
    for told in together.values():
        yield nothing_in_the_past(brief, told[0].intervention_id, named(brief, told))


def _whom(brief: Brief, one: Offered) -> Markup:
    """The intervention's name; with whose figures they are where they are not the page's own."""
    if not one.is_borrowed:
        return escape(one.name)
    return brief.words.html("readings.of_all", intervention=one.name)
