"""How long, and how often back: long-term support by the official definitions, what came after, and
what the gap rule decides.
"""

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief, DataTable, KeyFigure, Section
from evalkit.report.parts.numbers import COUNT, MONTHS, SHARE, YEAR, Row, key_number

_FAMILIES = ("long_term", "after_support", "loops", "gap_sensitivity")
_LONG_TERM, _VERY_LONG_TERM = "long_term_10_of_12", "very_long_term_27_of_36"
_AFTER = ("sustained_work", "back_within_6", "back_within_12")


def how_often_back(brief: Brief) -> tuple[Section, ...]:
    """The section about long-term support and returns; none where the run has not counted them for
    the district.
    """
    if not any(brief.shelf.rows(family, district=brief.district) for family in _FAMILIES):
        return ()
    words = brief.words
    block = Block(
        text=(words.html("back.meaning"),),
        key_figures=_key_figures(brief),
        after=_loops_text(brief),
        tables=(*_long_term_table(brief), *_after_table(brief), *_gap_table(brief)),
    )
    return (
        Section(
            name="back",
            heading=words.text("back.heading"),
            leads=(_lead(brief),),
            blocks=(block,),
            grade=brief.grade(*_FAMILIES),
        ),
    )


def _last_year(brief: Brief, measure: str) -> Row | None:
    rows = brief.shelf.rows("long_term", district=brief.district, measure=measure, answer="yes")
    return max((row for row in rows if row.has("share")), key=lambda row: row["year"], default=None)


def _lead(brief: Brief) -> Markup:
    long_term = _last_year(brief, _LONG_TERM)
    whole = (
        brief.shelf.row(
            "long_term",
            district=brief.district,
            measure=_LONG_TERM,
            answer="all",
            year=long_term["year"],
        )
        if long_term
        else None
    )
    if not (long_term and whole and whole.has("n_persons")):
        return brief.words.html("back.lead_withheld", district=brief.place)
    return brief.words.html(
        "back.lead",
        share=brief.number(long_term, "share", SHARE),
        number=brief.number(whole, "n_persons", COUNT),
        year=brief.number(long_term, "year", YEAR),
    )


def _key_figures(brief: Brief) -> tuple[KeyFigure, ...]:
    words, found = brief.words, []
    very_long = _last_year(brief, _VERY_LONG_TERM)
    if very_long:
        found.append(
            (
                very_long,
                words.html("back.very_long_term_in", year=brief.number(very_long, "year", YEAR)),
            )
        )
    rows = [
        brief.shelf.row("after_support", district=brief.district, measure=measure, answer="yes")
        for measure in _AFTER
    ]
    found += [
        (row, words.text(f"back.{row['measure']}")) for row in rows if row and row.has("share")
    ]
    return tuple(brief.key_figure(row, "share", SHARE, label) for row, label in found)


def _loops_text(brief: Brief) -> tuple[Markup, ...]:
    """How many came back to an agency three times or more."""
    row = brief.shelf.row("loops", district=brief.district, level="agency", n_returns="3+")
    if not (row and row.has("n_persons", "share")):
        return ()
    return (
        brief.words.html(
            "back.loops",
            share=brief.number(row, "share", SHARE),
            number=brief.number(row, "n_persons", COUNT),
        ),
    )


def _long_term_table(brief: Brief) -> tuple[DataTable, ...]:
    words = brief.words
    cells = {
        (row["year"], row["measure"], row["answer"]): row
        for row in brief.shelf.rows("long_term", district=brief.district)
    }
    wholes = sorted(
        (row for key, row in cells.items() if key[1:] == (_LONG_TERM, "all")),
        key=lambda row: row["year"],
    )
    if not wholes:
        return ()
    body = tuple(
        (
            key_number(whole, "year", words, form=YEAR),
            brief.number(whole, "n_persons", COUNT),
            *[
                _share(brief, cells.get((whole["year"], measure, "yes")))
                for measure in (_LONG_TERM, _VERY_LONG_TERM)
            ],
        )
        for whole in wholes
    )
    head = tuple(
        words.text(f"back.{column}")
        for column in ("year", "recipients", _LONG_TERM, "very_long_term")
    )
    return (
        DataTable(
            caption=words.text("back.long_term_caption"),
            head=head,
            rows=body,
            note=brief.note("long_term"),
        ),
    )


def _after_table(brief: Brief) -> tuple[DataTable, ...]:
    words, found = brief.words, brief.shelf.rows("after_support", district=brief.district)
    cells = {(row["measure"], row["answer"]): row for row in found}
    measures = [measure for measure in _AFTER if (measure, "all") in cells]
    if not measures:
        return ()
    body = tuple(
        (
            words.text(f"back.{measure}"),
            brief.number(cells[measure, "all"], "n_spells", COUNT),
            *[_share(brief, cells.get((measure, answer))) for answer in ("yes", "no", "unknown")],
        )
        for measure in measures
    )
    head = tuple(
        words.text(f"back.{column}") for column in ("after", "followed", "yes", "no", "unknown")
    )
    return (
        DataTable(
            caption=words.text("back.after_caption"),
            head=head,
            rows=body,
            note=brief.note("after_support"),
        ),
    )


def _gap_table(brief: Brief) -> tuple[DataTable, ...]:
    words = brief.words
    rows = sorted(
        brief.shelf.rows("gap_sensitivity", district=brief.district),
        key=lambda row: row["max_gap_months"],
    )
    if not rows:
        return ()
    body = tuple(
        (
            key_number(row, "max_gap_months", words),
            brief.number(row, "n_spells", COUNT),
            brief.number(row, "n_ended", COUNT),
            brief.number(row, "median_months", MONTHS),
        )
        for row in rows
    )
    head = tuple(
        words.text(f"back.{column}") for column in ("gap", "n_spells", "n_ended", "median")
    )
    caption = words.text(
        "back.gap_caption", gap=words.number(brief.run.params.spells.max_gap_months)
    )
    return (DataTable(caption=caption, head=head, rows=body, note=brief.note("gap_sensitivity")),)


def _share(brief: Brief, row: Row | None) -> Markup | str:
    return brief.number(row, "share", SHARE) if row else "–"
