"""The districts beside each other for an intervention: their funnel, ranks and ways of working."""

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief, Section
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import (
    CHANGE_MONTHS,
    COUNT,
    PROBABILITY,
    Row,
)
from evalkit.report.view import (
    NOTHING,
    Cell,
    View,
    cell,
    district,
    number,
    verdict,
    with_own_range,
    word,
)
from evalkit.tables import CITY


def districts_beside(brief: Brief) -> Section | None:
    """How the districts come out for an intervention: against what their people would lead one to
    expect, in order, and by their way of working; none where nothing of it was published.
    """
    blocks = (*_funnel_blocks(brief), *_rank_blocks(brief), *_model_blocks(brief))
    if not blocks:
        return None
    heading, lead = brief.words.text("beside.heading"), brief.words.html("overview.differ_why")
    return Section("beside", heading, (lead,), blocks)


def _funnel_blocks(brief: Brief) -> tuple[Block, ...]:
    """How many districts lie outside the limits, the picture, the numbers."""
    words = brief.words
    rows = [
        row
        for row in brief.tables.rows("funnel", intervention_id=brief.intervention)
        if row["district"] != CITY
    ]
    if not rows:
        return ()
    tables = _FUNNEL.tables(brief, rows)
    conclusion = words.html("overview.figure_funnel")
    figures = picture(brief, "funnel", conclusion, tables, of=(brief.intervention,))
    is_any_outside = any(row["verdict"] != "inside" for row in rows if row.has("verdict"))
    return (
        Block(
            heading=words.text("overview.funnel_of", intervention=words.text(brief.intervention)),
            text=(words.html(f"overview.funnel_{'some' if is_any_outside else 'none'}"),),
            figures=figures,
            tables=() if figures else tables,
        ),
    )


def _rank_blocks(brief: Brief) -> tuple[Block, ...]:
    """Own and pooled effects side by side, and what ranks a district may have."""
    words, blocks = brief.words, []
    for estimand in _estimands(brief, "district_ranks"):
        rows = brief.tables.rows(
            "district_ranks", intervention_id=brief.intervention, estimand=estimand
        )
        tables = _RANKS.tables(brief, rows)
        conclusion = words.html("overview.figure_ranks")
        figures = picture(
            brief, "district_ranks", conclusion, tables, of=(brief.intervention, estimand)
        )
        is_of_city = any(row["standardised_to"] == "city_eligible" for row in rows)
        whom = "city_eligible" if is_of_city else "own_starters"
        text = (words.html(f"overview.ranks_{what}") for what in ("text", whom))
        blocks.append(
            Block(
                heading=_with_question(brief, "overview.ranks_of", estimand),
                text=_not_yet_said(blocks, *text),
                figures=figures,
                tables=() if figures else tables,
            )
        )
    return tuple(blocks)


def _model_blocks(brief: Brief) -> tuple[Block, ...]:
    """The effect by the way its districts work: their mean, and its distance from the other
    ways.
    """
    blocks: list[Block] = []
    for estimand in _estimands(brief, "effects_by_model"):
        rows = brief.tables.rows(
            "effects_by_model", intervention_id=brief.intervention, estimand=estimand
        )
        heading = _with_question(brief, "overview.models_of", estimand)
        text = _not_yet_said(blocks, brief.words.html("overview.models_text"))
        tables = _MODELS.tables(brief, rows)
        blocks.append(Block(heading=heading, text=text, tables=tables))
    return tuple(blocks)


def _estimands(brief: Brief, family: str) -> list[str]:
    rows = brief.tables.rows(family, intervention_id=brief.intervention)
    return sorted({row["estimand"] for row in rows})


def _with_question(brief: Brief, key: str, estimand: str) -> str:
    """A heading, with the question that is asked where it is not the protocol's first."""
    heading = brief.words.text(key, intervention=brief.words.text(brief.intervention))
    protocol = brief.protocols.get(brief.intervention)
    if protocol is None or estimand == protocol.primary_estimand:
        return heading
    return f"{heading}: {brief.words.text(estimand, **brief.when(brief.intervention))}"


def _not_yet_said(blocks: list[Block], *sentences: Markup) -> tuple[Markup, ...]:
    """How a table is to be read is said above the first of its kind."""
    return tuple(
        sentence for sentence in sentences if not any(sentence in block.text for block in blocks)
    )


def _ranks(brief: Brief, row: Row) -> Cell:
    if not row.has("rank_lower", "rank_upper"):
        return NOTHING
    low, high = (brief.number(row, name, COUNT) for name in ("rank_lower", "rank_upper"))
    return Markup("{}–{}").format(low, high)


def _best(brief: Brief, row: Row) -> Cell:
    if not row.has("rank_lower", "rank_upper"):
        return NOTHING
    return brief.number(row, "probability_best", PROBABILITY)


_FUNNEL = View(
    "funnel",
    "overview.funnel_caption",
    "overview",
    (
        district(),
        number("n_persons", head="persons"),
        number("observed"),
        number("expected"),
        number("adjusted"),
        verdict(),
    ),
    is_sortable=True,
)
_RANKS = View(
    "district_ranks",
    "overview.ranks_caption",
    "overview",
    (
        district(),
        with_own_range("raw"),
        with_own_range("shrunk"),
        with_own_range("standardised"),
        cell("rank", _ranks, "rank_lower", "rank_upper"),
        cell("best", _best, "probability_best"),
    ),
    is_sortable=True,
)
_MODELS = View(
    "effects_by_model",
    "overview.models_caption",
    "overview",
    (
        word("model"),
        number("n_districts"),
        with_own_range("effect", CHANGE_MONTHS, head="model_effect"),
        with_own_range("gap"),
    ),
)
