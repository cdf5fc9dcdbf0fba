"""What each kind of page holds, from top to bottom."""

from collections.abc import Callable
from dataclasses import dataclass

from evalkit.report.decision.answer import the_answer
from evalkit.report.decision.back import when_back
from evalkit.report.decision.changes import what_changes
from evalkit.report.decision.matrix import where_it_pays
from evalkit.report.decision.moves import what_moves
from evalkit.report.decision.own_work import own_work
from evalkit.report.decision.payers import who_pays
from evalkit.report.decision.since_last import since_the_last
from evalkit.report.decision.spread import how_long_and_how
from evalkit.report.decision.stays import who_stays
from evalkit.report.decision.sure import how_certain
from evalkit.report.decision.told_before import whether_forecasts_held
from evalkit.report.decision.what_if import what_if
from evalkit.report.evidence.access import who_gets_what
from evalkit.report.evidence.accounts import where_the_money_went
from evalkit.report.evidence.allocation import best_use
from evalkit.report.evidence.certainty import how_sure, what_cannot_be_said
from evalkit.report.evidence.change import what_it_changes
from evalkit.report.evidence.comparisons import districts_beside
from evalkit.report.evidence.deliveries import what_was_delivered
from evalkit.report.evidence.districts import the_districts, what_differs
from evalkit.report.evidence.long_term import how_often_back
from evalkit.report.evidence.offer import what_is_needed
from evalkit.report.evidence.own_part import the_persons_own_part
from evalkit.report.evidence.people import how_long_and_where_to, who_is_here
from evalkit.report.evidence.process import is_process_kept
from evalkit.report.evidence.programme import how_far_it_has_come, theme_sections
from evalkit.report.evidence.readings import what_the_past_shows
from evalkit.report.evidence.registration import how_complete
from evalkit.report.evidence.sources import own_sources
from evalkit.report.evidence.steps import people_come_closer
from evalkit.report.evidence.value import costs_and_gains
from evalkit.report.evidence.value_over_time import when_it_pays
from evalkit.report.method.advice import how_advice_follows
from evalkit.report.method.decisive import what_decides
from evalkit.report.method.forecasts import what_was_told
from evalkit.report.method.prices import prices_behind
from evalkit.report.method.protocols import what_was_asked
from evalkit.report.method.provenance import where_numbers_come_from
from evalkit.report.method.reading import how_to_read, what_we_do_not_know
from evalkit.report.method.readings import how_effects_are_read
from evalkit.report.method.trials import how_to_try_it_out
from evalkit.report.parts.document import Brief, Part, Section
from evalkit.report.parts.place import ABOUT, EVIDENCE, INTERVENTIONS


@dataclass(frozen=True)
class Page:
    """A kind of page behind the answers, with its sections from top to bottom.

    Attributes
    ----------
    folder : str
        Where in a language's folder its pages lie.
    kind : str
        The key of what it is called above its heading.
    sections : tuple of callables
        Each builds a section from the brief; None where there is nothing to say.
    heading : str
        The key of its heading; the name of its district or intervention if empty.
    """

    folder: str
    kind: str
    sections: tuple[Callable[[Brief], Section | None], ...]
    heading: str = ""


# What a decision page has, from top to bottom. When money is back stands in the rows of the answer
# too: the city's page, which has more to tell, leaves its curves to the districts.
DISTRICT_DECISION: tuple[Callable[[Brief], Part | None], ...] = (
    the_answer,
    who_stays,
    what_changes,
    who_pays,
    when_back,
    what_if,
    own_work,
    how_certain,
)
# The city tells when money is back in the answer's rows alone: its curves stand in the evidence
# of each intervention, and the matrix takes their place.
CITY_DECISION: tuple[Callable[[Brief], Part | None], ...] = (
    the_answer,
    where_it_pays,
    what_moves,
    what_changes,
    who_pays,
    what_if,
    how_long_and_how,
    own_work,
    since_the_last,
    whether_forecasts_held,
    how_certain,
)

DISTRICT_EVIDENCE = Page(
    EVIDENCE,
    "page.evidence_kind",
    (
        who_is_here,
        how_long_and_where_to,
        how_often_back,
        what_it_changes,
        costs_and_gains,
        when_it_pays,
        what_the_past_shows,
        how_sure,
        is_process_kept,
        people_come_closer,
        who_gets_what,
        what_is_needed,
        where_the_money_went,
        how_complete,
        what_was_delivered,
        own_sources,
    ),
)
CITY_EVIDENCE = Page(
    EVIDENCE,
    "page.evidence_kind",
    (
        the_districts,
        what_differs,
        how_long_and_where_to,
        how_often_back,
        best_use,
        is_process_kept,
        people_come_closer,
        who_gets_what,
        what_is_needed,
        where_the_money_went,
        how_complete,
        what_was_delivered,
    ),
    heading="page.overview_heading",
)
INTERVENTION_EVIDENCE = Page(
    INTERVENTIONS,
    "page.intervention_kind",
    (
        what_it_changes,
        costs_and_gains,
        when_it_pays,
        what_the_past_shows,
        how_sure,
        the_persons_own_part,
        districts_beside,
        what_cannot_be_said,
    ),
)
PROGRAMME_PAGE = Page(
    ABOUT,
    "page.programme_kind",
    (how_far_it_has_come, *theme_sections),
    heading="programme.heading",
)
METHOD_PAGE = Page(
    ABOUT,
    "page.method_kind",
    (
        how_advice_follows,
        how_to_try_it_out,
        how_effects_are_read,
        how_to_read,
        what_we_do_not_know,
        what_was_asked,
        what_decides,
        what_was_told,
        prices_behind,
        where_numbers_come_from,
    ),
    heading="page.method",
)
