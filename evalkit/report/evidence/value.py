"""What an intervention costs and gives, and to whom."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from evalkit.line.actors import PERSPECTIVES
from evalkit.report.evidence.effects import Effect, are_several, effects_of, heading_of
from evalkit.report.parts.document import Block, Brief, DataTable, Figure, KeyFigure, Section
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import (
    COUNT,
    PROBABILITY,
    YEAR,
    Row,
    gain_form,
)
from evalkit.report.parts.verdicts import pays
from evalkit.report.view import NOTHING, Cell, View, cell, link_to_method, with_range, word
from evalkit.vocabulary import BANDS, band_of

_MONEY_COLUMNS = ("estimate", "ci_lower", "ci_upper")
_VERDICT_COLUMNS = (*_MONEY_COLUMNS, "probability_positive", "horizon_months")


def costs_and_gains(brief: Brief) -> Section | None:
    """The sum per participant from each perspective, and who receives and who pays; none for a
    district without an effect of its own.
    """
    effects, words = [effect for effect in effects_of(brief) if effect.is_told], brief.words
    if not effects and not brief.intervention:
        return None
    shown = [(effect, rows) for effect in effects if (rows := _summary(brief, effect))]
    if not are_several(brief):
        leads = tuple(_lead(brief, effect, rows) for effect, rows in shown)
    else:
        leads = sentences_by_verdict(
            brief,
            shown,
            perspective="society",
            needed=_VERDICT_COLUMNS,
            column="probability_positive",
            key="value_page.group",
        )
    blocks = [_block(brief, effect, rows, with_lead=are_several(brief)) for effect, rows in shown]
    if shown:
        how_to_read = (*_reading(brief, shown[0][1]), _prices_text(brief))
        blocks = [Block(text=how_to_read), *blocks]
    is_unseen = any(not brief.is_livelihood_known(effect.intervention_id) for effect in effects)
    nothing = (
        "unseen.lead_nothing" if is_unseen and brief.tables.rows("prices") else "value_page.none"
    )
    return Section(
        "value",
        words.text("value_page.heading" + ("" if len(effects) == 1 else "_many")),
        leads or (words.html(nothing),),
        tuple(blocks),
    )


def sentences_by_verdict(
    brief: Brief,
    shown: Sequence[tuple[Effect, Mapping[str, Row]]],
    *,
    perspective: str,
    needed: Sequence[str],
    column: str,
    key: str,
) -> tuple[Markup, ...]:
    """One sentence for each verdict on whether money comes back, with the interventions that it
    holds for.

    Parameters
    ----------
    brief : Brief
        The page.
    shown : sequence of (Effect, mapping)
        Each effect with its rows by perspective.
    perspective : str
        Whose money it is about.
    needed : sequence of str
        The columns without which nothing is said of an intervention.
    column : str
        The probability that the verdict follows.
    key : str
        Where the keys of the sentences begin; they end with the verdict.
    """
    groups: dict[str, list[Markup]] = {}
    horizon = Markup("")
    for effect, rows in shown:
        row, name = rows.get(perspective), escape(brief.words.text(effect.intervention_id))
        is_known = brief.is_livelihood_known(effect.intervention_id)
        verdict = "unshown" if is_known else "unseen"
        if row is not None and row.has(*needed):
            verdict, name = band_of(row[column]), pays(name, row, column)
            horizon = horizon or brief.number(row, "horizon_months", COUNT)
        groups.setdefault(verdict, []).append(name)
    return tuple(
        brief.words.html(
            f"{key}_{verdict}",
            interventions=brief.words.listing_html(groups[verdict]),
            horizon=horizon,
        )
        for verdict in (*BANDS, "unseen", "unshown")
        if verdict in groups
    )


def _summary(brief: Brief, effect: Effect) -> dict[str, Row]:
    rows = brief.tables.rows("value_parts", part="total", **effect.keys)
    by_perspective = {row["perspective"]: row for row in rows}
    return {name: by_perspective[name] for name in PERSPECTIVES if name in by_perspective}


def _lead(brief: Brief, effect: Effect, rows: dict[str, Row]) -> Markup:
    if not brief.is_livelihood_known(effect.intervention_id):
        return _lead_of_budget(brief, rows)
    society = rows.get("society")
    if society is None or not society.has(*_VERDICT_COLUMNS):
        return brief.words.html("value_page.none")
    form = gain_form(society)
    sentence = brief.words.html(
        f"value_page.lead_{band_of(society['probability_positive'])}",
        estimate=brief.number(society, "estimate", form),
        range=brief.range_of(society, form),
        probability=brief.number(society, "probability_positive", PROBABILITY),
        horizon=brief.number(society, "horizon_months", COUNT),
    )
    return pays(sentence, society, "probability_positive")


def _lead_of_budget(brief: Brief, rows: dict[str, Row]) -> Markup:
    """That society's sum cannot be said, and the district's."""
    district = rows.get("district")
    if district is None or not district.has(*_VERDICT_COLUMNS):
        return brief.words.html("unseen.lead_nothing")
    form = gain_form(district)
    return brief.words.html(
        "unseen.lead",
        estimate=brief.number(district, "estimate", form),
        range=brief.range_of(district, form),
        probability=brief.number(district, "probability_positive", PROBABILITY),
        horizon=brief.number(district, "horizon_months", COUNT),
    )


def _block(brief: Brief, effect: Effect, rows: dict[str, Row], *, with_lead: bool) -> Block:
    figures, is_seen = (
        _figures(brief, effect, rows),
        brief.is_livelihood_known(effect.intervention_id),
    )
    is_drawn = any(figure.name.startswith("value_summary") for figure in figures)
    return Block(
        heading=heading_of(brief, effect),
        leads=(_lead(brief, effect, rows),) if with_lead else (),
        # Its source and grade stand beside the number, before the picture.
        text=(
            escape(brief.note("value_parts")),
            *_compared_text(brief, effect),
            *(() if is_seen else (brief.words.html("unseen.missing"),)),
            *_parts_text(brief, effect),
            *_readings_text(brief, rows),
            *_untouched_text(brief, rows),
        ),
        key_figures=() if is_drawn else _key_figures(brief, rows),
        figures=figures,
        tables=(
            *(() if is_drawn else _summary_tables(brief, rows)),
            *(() if is_seen else _by_actor_tables(brief, effect)),
            *_displacement_tables(brief, effect),
        ),
    )


def _compared_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """With whom those who started are compared, which is what a sum is the difference from."""
    if effect.intervention_id not in brief.protocols:
        return ()
    return (brief.about(effect.intervention_id).words.html("value_page.compared"),)


def _reading(brief: Brief, rows: dict[str, Row]) -> tuple[Markup, ...]:
    priced = next((row for row in rows.values() if row.has("currency", "price_year")), None)
    if priced is None:
        return ()
    year, horizon = (
        brief.number(priced, "price_year", YEAR),
        brief.number(priced, "horizon_months", COUNT),
    )
    return (
        brief.words.html("value_page.reading", currency=priced["currency"], year=year),
        brief.words.html("value_page.horizon", horizon=horizon),
    )


def _prices_text(brief: Brief) -> Markup:
    """Where the prices stand that the sums rest on."""
    return brief.words.html("value_page.prices_at", method=link_to_method(brief, "prices"))


def _parts_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """How much of society's sum was followed up, and how much is projected."""
    rows = brief.tables.rows("value_parts", perspective="society", **effect.keys)
    by_part = {
        row["part"]: row for row in rows if row.has("estimate", "horizon_months", "followed_months")
    }
    if not {"observed", "projected"} <= by_part.keys():
        return ()
    observed, projected = by_part["observed"], by_part["projected"]
    if observed["horizon_months"] == observed["followed_months"]:
        return (brief.words.html("value_page.observed_only"),)
    sums = {
        name: brief.number(row, "estimate", gain_form(row))
        for name, row in (("observed", observed), ("projected", projected))
    }
    return (
        brief.words.html(
            "value_page.parts", followed=brief.number(observed, "followed_months", COUNT), **sums
        ),
    )


def _readings_text(brief: Brief, rows: dict[str, Row]) -> tuple[Markup, ...]:
    """How sure either reading of the effect is that society gains, or that there is one alone."""
    society = rows.get("society")
    if society is None or not society.has("probability_plain"):
        return ()
    if not society.has("probability_second"):
        return (brief.words.html("value_page.one_reading"),)
    shown = {
        name: brief.number(society, f"probability_{name}", PROBABILITY)
        for name in ("plain", "second")
    }
    return (brief.words.html("value_page.both_readings", **shown),)


def _untouched_text(brief: Brief, rows: dict[str, Row]) -> tuple[Markup, ...]:
    untouched = [name for name, row in rows.items() if _is_untouched(row)]
    return tuple(
        brief.words.html("value_page.untouched", perspective=brief.words.text(name))
        for name in untouched
    )


def _is_untouched(row: Row) -> bool:
    """Whether a perspective is exactly zero: no posting concerns its actors."""
    return row.has(*_MONEY_COLUMNS) and all(row[column] == 0 for column in _MONEY_COLUMNS)


def _key_figures(brief: Brief, rows: dict[str, Row]) -> tuple[KeyFigure, ...]:
    words = brief.words
    return tuple(
        brief.key_figure(
            row,
            "estimate",
            gain_form(row),
            words.text("value_page.for", perspective=words.text(name)),
        )
        for name, row in rows.items()
    )


def _figures(brief: Brief, effect: Effect, rows: dict[str, Row]) -> tuple[Figure, ...]:
    words, summary = brief.words, _summary_tables(brief, rows)
    by_actor = _by_actor_tables(brief, effect)
    of = effect.names
    return (
        *picture(brief, "value_summary", words.html("value_page.figure_summary"), summary, of=of),
        *picture(brief, "value_by_actor", words.html("value_page.figure"), by_actor, of=of),
    )


def _by_actor_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    return _BY_ACTOR.tables(brief, brief.tables.rows("value_by_actor", **effect.keys))


def _summary_tables(brief: Brief, rows: dict[str, Row]) -> tuple[DataTable, ...]:
    return _SUMMARY.tables(brief, list(rows.values()))


def _probability(brief: Brief, row: Row) -> Cell:
    """How likely a sum is above zero; of a sum that no draw moves it is not told."""
    if _is_untouched(row):
        return NOTHING
    return brief.number(row, "probability_positive", PROBABILITY)


def _displacement_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    """Society's sum with no, the expected and high displacement of others."""
    rows = brief.tables.rows("value_displacement", perspective="society", **effect.keys)
    by_name = {row["displacement"]: row for row in rows}
    ordered = [by_name[name] for name in ("zero", "central", "high") if name in by_name]
    return _DISPLACEMENT.tables(brief, ordered)


_SUMMARY = View(
    "value_parts",
    "value_page.summary_caption",
    "value_page",
    (
        word("perspective"),
        with_range(),
        cell("probability", _probability, "probability_positive"),
    ),
)
_BY_ACTOR = View(
    "value_by_actor",
    "value_page.actor_caption",
    "value_page",
    (word("actor"), word("posting", "posting."), word("kind", "kind."), with_range()),
)
_DISPLACEMENT = View(
    "value_displacement",
    "value_page.displacement_caption",
    "value_page",
    (word("displacement", "displacement."), with_range()),
)
