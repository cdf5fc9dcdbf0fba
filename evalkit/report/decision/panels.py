"""Pictures beside each other, one for each intervention: which of them are shown, whose figures
they are, and where their evidence stands.
"""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.report.decision.offered import Offered
from evalkit.report.parts.document import Brief
from evalkit.report.parts.place import Place
from evalkit.tables import slug
from evalkit.words import capitalise

# More pictures than this beside each other are not read.
MOST_PANELS = 6


def evidence_of(brief: Brief, one: Offered) -> str:
    """The address of an intervention's evidence, from a decision page."""
    here = Place("", slug(brief.district))
    return here.link(Place("interventions", slug(one.intervention_id)))


def linked(brief: Brief, one: Offered, *, is_label: bool = False) -> Markup:
    """An intervention's name as a link to its evidence, as it stands inside a sentence or as a
    label.
    """
    return Markup('<a href="{}">{}</a>').format(
        evidence_of(brief, one), capitalise(one.name) if is_label else one.name
    )


def origins(brief: Brief, ones: Sequence[Offered], part: str) -> tuple[dict[str, str], Markup]:
    """Whose figures they are, where some are those of all districts together: what stands beside
    the names of these, by intervention, or one sentence of the part's own where it holds for all.
    """
    borrowed = [one.intervention_id for one in ones if one.is_borrowed]
    if len(borrowed) == len(ones):
        return {}, brief.words.html(f"panels.all_borrowed_{part}")
    return dict.fromkeys(borrowed, brief.words.text("panels.borrowed")), Markup("")


def others_named(brief: Brief, others: Sequence[Offered]) -> Markup:
    """The sentence that names the interventions that have no picture; empty without any."""
    if not others:
        return Markup("")
    names = [linked(brief, one) for one in others]
    return brief.words.html("panels.others", interventions=brief.words.listing_html(names))


def named(brief: Brief, ones: Sequence[Offered]) -> Markup:
    """The names of interventions as a list in a sentence."""
    return brief.words.listing_html([Markup("{}").format(one.name) for one in ones])
