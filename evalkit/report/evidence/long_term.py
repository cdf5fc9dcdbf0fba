"""Long-term support by the official definitions, returns to support, and what the gap rule
decides.
"""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief, DataTable, KeyFigure, Section
from evalkit.report.parts.numbers import COUNT, SHARE, YEAR, Row
from evalkit.report.view import NOTHING, Cell, View, cell, key, number, of, word

_FAMILIES = ("long_term", "after_support", "loops", "gap_sensitivity")
_LONG_TERM, _VERY_LONG_TERM = "long_term_10_of_12", "very_long_term_27_of_36"
_SUSTAINED = ("sustained_work", "sustained_any_work", "sustained_without_support")
_AFTER = (*_SUSTAINED, "back_within_6", "back_within_12")


def how_often_back(brief: Brief) -> Section | None:
    """The section about long-term support and returns; none where the run has not counted them for
    the district.
    """
    if not any(brief.tables.rows(family, district=brief.district) for family in _FAMILIES):
        return None
    words = brief.words
    block = Block(
        text=(words.html("back.meaning"),),
        key_figures=_key_figures(brief),
        after=_loops_text(brief),
        tables=(*_long_term_tables(brief), *_after_tables(brief), *_gap_tables(brief)),
    )
    return Section(
        name="back",
        heading=words.text("back.heading"),
        leads=(_lead(brief),),
        blocks=(block,),
    )


def _last_year(brief: Brief, measure: str) -> Row | None:
    rows = brief.tables.rows("long_term", district=brief.district, measure=measure, answer="yes")
    return max(rows, key=lambda row: row["year"], default=None)


def _lead(brief: Brief) -> Markup:
    long_term = _last_year(brief, _LONG_TERM)
    whole = (
        brief.tables.row(
            "long_term",
            district=brief.district,
            measure=_LONG_TERM,
            answer="all",
            year=long_term["year"],
        )
        if long_term
        else None
    )
    if not (long_term and whole):
        return brief.words.html("back.lead_withheld", district=brief.district_name)
    return brief.words.html(
        "back.lead" if long_term.has("share") else "back.lead_counts",
        share=brief.number(long_term, "share", SHARE),
        long=brief.number(long_term, "n_persons", COUNT),
        number=brief.number(whole, "n_persons", COUNT),
        year=brief.number(long_term, "year", YEAR),
    )


def _key_figures(brief: Brief) -> tuple[KeyFigure, ...]:
    words, labelled = brief.words, []
    very_long = _last_year(brief, _VERY_LONG_TERM)
    if very_long and very_long.has("share"):
        year = brief.number(very_long, "year", YEAR)
        labelled.append((very_long, words.html("back.very_long_term_in", year=year)))
    rows = [
        brief.tables.row("after_support", district=brief.district, measure=measure, answer="yes")
        for measure in _told_after(brief)
    ]
    labelled += [(row, _after_label(brief, row)) for row in rows if row and row.has("share")]
    return tuple(brief.key_figure(row, "share", SHARE, label) for row, label in labelled)


def _told_after(brief: Brief) -> list[str]:
    """The measures with a figure of their own: any work where it is another figure than work, and
    months without support where nobody knows of work whether it lasted.
    """
    n_spells = _spells_after(brief)
    narrow, wide, without_support = _SUSTAINED
    unknown = {measure for measure in (narrow, wide) if _is_all_unknown(n_spells, measure)}
    left_out = unknown if len(unknown) == 2 else {without_support, *unknown}
    if n_spells.get((narrow, "all")) == n_spells.get((wide, "all")):
        left_out.add(wide)
    return [measure for measure in _AFTER if measure not in left_out]


def _spells_after(brief: Brief) -> dict[tuple[str, str], int | None]:
    rows = brief.tables.rows("after_support", district=brief.district)
    return {(row["measure"], row["answer"]): row["n_spells"] for row in rows}


def _is_all_unknown(n_spells: Mapping[tuple[str, str], int | None], measure: str) -> bool:
    """Whether no spell has an answer: there are none, or what followed is known of none."""
    if (measure, "all") not in n_spells:
        return True
    every = n_spells[measure, "all"]
    return every is not None and every == n_spells.get((measure, "unknown"))


def _after_label(brief: Brief, row: Row) -> Markup:
    """What a figure is of, and at most how many it can be where some are not known."""
    words, label = brief.words, brief.words.html(f"back.{row['measure']}")
    bound = next(
        (
            one
            for one in brief.tables.rows(
                "exit_bounds", district=brief.district, measure=row["measure"]
            )
            if one.has("share_at_most") and one["share_at_most"] > one["share"]
        ),
        None,
    )
    if bound is None:
        return label
    at_most = brief.number(bound, "share_at_most", SHARE)
    return words.html("back.label_at_most", label=label, at_most=at_most)


def _loops_text(brief: Brief) -> tuple[Markup, ...]:
    """How many came back to an agency three times or more; that it is not seen where nobody knows
    what people live on between periods.
    """
    known = brief.tables.row("state_sources", source="livelihood")
    if known and known.has("share") and known["share"] == 0:
        return (brief.words.html("back.loops_unseen"),)
    row = brief.tables.row("loops", district=brief.district, level="agency", n_returns="3+")
    if not (row and row.has("n_persons", "share")):
        return ()
    return (
        brief.words.html(
            "back.loops",
            share=brief.number(row, "share", SHARE),
            number=brief.number(row, "n_persons", COUNT),
        ),
    )


def _long_term_tables(brief: Brief) -> tuple[DataTable, ...]:
    years: dict[int, dict[tuple[str, str], Row]] = {}
    for row in brief.tables.rows("long_term", district=brief.district):
        years.setdefault(row["year"], {})[row["measure"], row["answer"]] = row
    return _BY_YEAR.tables(brief, [years[year] for year in sorted(years) if _ALL in years[year]])


def _after_tables(brief: Brief) -> tuple[DataTable, ...]:
    measures: dict[str, dict[str, Row]] = {}
    for row in brief.tables.rows("after_support", district=brief.district):
        measures.setdefault(row["measure"], {})[row["answer"]] = row
    for row in brief.tables.rows("exit_bounds", district=brief.district):
        if row["measure"] in measures:
            measures[row["measure"]]["at_most"] = row
    n_spells = _spells_after(brief)
    shown = [measures[name] for name in _AFTER if not _is_all_unknown(n_spells, name)]
    return _AFTER_SUPPORT.tables(brief, shown)


def _gap_tables(brief: Brief) -> tuple[DataTable, ...]:
    rows = brief.tables.rows("gap_sensitivity", district=brief.district)
    gap = brief.words.number(brief.run.params.spells.max_gap_months)
    return _GAPS.tables(brief, sorted(rows, key=lambda row: row["max_gap_months"]), gap=gap)


def _share(name: Any, column: str = "share") -> Callable[[Brief, Mapping[Any, Row]], Cell]:
    """The share of one of the rows that stand beside each other; a dash where it is missing."""

    def write(brief: Brief, line: Mapping[Any, Row]) -> Cell:
        return brief.number(line[name], column, SHARE) if name in line else NOTHING

    return write


_ALL = (_LONG_TERM, "all")
_BY_YEAR = View(
    "long_term",
    "back.long_term_caption",
    "back",
    (
        of(_ALL, key("year", YEAR), "year"),
        of(_ALL, number("n_persons"), "recipients"),
        cell(_LONG_TERM, _share((_LONG_TERM, "yes")), "share"),
        cell("very_long_term", _share((_VERY_LONG_TERM, "yes")), "share"),
    ),
)
_AFTER_SUPPORT = View(
    "after_support",
    "back.after_caption",
    "back",
    (
        of("all", word("measure", "back."), "after"),
        of("all", number("n_spells"), "followed"),
        *(cell(answer, _share(answer), "share") for answer in ("yes", "unknown")),
        cell("at_most", _share("at_most", "share_at_most")),
    ),
)
_GAPS = View(
    "gap_sensitivity",
    "back.gap_caption",
    "back",
    (
        key("max_gap_months", head="gap"),
        number("n_spells"),
        number("n_ended"),
        number("median_months", COUNT, head="median"),
    ),
)
