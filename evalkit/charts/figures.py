"""All charts of a page at once: SVG markup by figure name. A chart whose table is missing or wholly
withheld is left out.
"""

from collections.abc import Iterator, Mapping

from evalkit.charts.balance import balance
from evalkit.charts.cash_flow import value_curve
from evalkit.charts.curves import exit_curves, states
from evalkit.charts.districts import district_ranks, naive_and_corrected
from evalkit.charts.effects import effect_curves, effect_months
from evalkit.charts.funnel import funnel
from evalkit.charts.groups import exit_rates, group_curves
from evalkit.charts.overview import district_comparison
from evalkit.charts.source import ONE_EFFECT, POOLED, Chart, is_drawable
from evalkit.charts.theme import to_svg
from evalkit.charts.value import value_by_actor, value_summary
from evalkit.disclosure import Published, require_published
from evalkit.errors import ParameterError
from evalkit.tables import slug
from evalkit.words import Words

# Figure name: the family of tables it is drawn from, and the chart.
DISTRICT_FIGURES: dict[str, tuple[str, Chart]] = {
    "exit_curves": ("exit_curves", exit_curves),
    "exit_rates": ("exit_rates", exit_rates),
    "group_curves": ("group_curves", group_curves),
    "states": ("states", states),
    "effect_curves": ("effect_curves", effect_curves),
    "effect_months": ("effect_summary", effect_months),
    "balance": ("balance", balance),
    "naive": ("effect_readings", naive_and_corrected),
    "value_summary": ("value_parts", value_summary),
    "value_by_actor": ("value_by_actor", value_by_actor),
    "value_curve": ("value_curve", value_curve),
}


# Drawn for all districts together: a chart of one district alone would say nothing.
OVERVIEW_FIGURES: dict[str, Chart] = {"funnel": funnel, "district_ranks": district_ranks}


def district_figures(
    tables: Mapping[str, Published], words: Words, *, district: str | None = None
) -> dict[str, str]:
    """The charts of a district's page.

    Where an effect or value is not shown for the district, the one of all districts together is
    drawn and says so.

    Parameters
    ----------
    tables : mapping of str to Published
        Published tables by name; a district's own (`exit_curves-belfast`) or the whole city's.
    words : Words
        The reader's language.
    district : str, optional
        Whose page; needed only when the tables hold several districts.

    Returns
    -------
    dict of str to str
        SVG markup by figure name; that of an effect or value goes on with its intervention and
        estimand: "balance-training".

    Raises
    ------
    DisclosureError
        If a table is not `Published`.
    ParameterError
        If the tables hold several districts and none is named.
    """
    for name, table in tables.items():
        require_published(table, where=f"figures, table {name}")
    district, outcomes = district or _only_district(tables), _outcomes(tables)
    return {
        figure: _drawn(chart, rows, words, outcomes)
        for name, (family, chart) in DISTRICT_FIGURES.items()
        for figure, rows in _series(name, _of_family(tables, family), district, chart)
    }


def overview_figures(tables: Mapping[str, Published], words: Words) -> dict[str, str]:
    """The charts of the overview: the districts beside each other, and everything else for all
    districts together.

    Parameters, returned value and errors as `district_figures`.
    """
    figures = district_figures(tables, words, district=POOLED)
    for table in _of_family(tables, "time_on_support"):
        if is_drawable(table, district_comparison):
            figures["district_comparison"] = to_svg(district_comparison(table, words), words)
    outcomes = _outcomes(tables)
    for name, chart in OVERVIEW_FIGURES.items():
        for table in _of_family(tables, name):
            drawn = [
                (figure, part)
                for figure, part in one_by_one(name, table)
                if is_drawable(part, chart)
            ]
            figures |= {figure: _drawn(chart, part, words, outcomes) for figure, part in drawn}
    return figures


def _drawn(chart: Chart, table: Published, words: Words, outcomes: Mapping[str, str]) -> str:
    """A chart in words about the outcome of its intervention, if it has one."""
    interventions = (
        table.data["intervention_id"].unique().to_list() if "intervention_id" in table.keys else []
    )
    outcome = outcomes.get(interventions[0]) if len(interventions) == 1 else None
    return to_svg(chart(table, words.about(outcome) if outcome else words), words)


def _outcomes(tables: Mapping[str, Published]) -> dict[str, str]:
    """What each intervention is judged by: the one outcome of which the share at the end is
    told.
    """
    told = [
        table.data.select("intervention_id", "outcome").unique()
        for table in _of_family(tables, "effect_summary")
    ]
    return {
        intervention: outcome.removesuffix("_share_at_end")
        for pairs in told
        for intervention, outcome in pairs.iter_rows()
        if outcome.endswith("_share_at_end")
    }


def _of_family(tables: Mapping[str, Published], family: str) -> list[Published]:
    return [
        table
        for _, table in sorted(tables.items())
        if table.name == family or table.name.startswith(f"{family}-")
    ]


def _only_district(tables: Mapping[str, Published]) -> str:
    """The one district that the tables hold besides "all"; "all" when there is none."""
    with_district = [table for table in tables.values() if "district" in table.keys]
    found = sorted(
        {district for table in with_district for district in table.data["district"].unique()}
        - {POOLED}
    )
    if len(found) > 1:
        raise ParameterError(
            f"The tables hold {len(found)} districts, and none was named.",
            where="argument district of district_figures; districts found in the key column "
            '"district"',
            why="A page is about one district; charts of another one would be shown as its own.",
            fix='name it: district_figures(tables, words, district="...").',
        )
    return found[0] if found else POOLED


def _series(
    name: str, tables: list[Published], district: str, chart: Chart
) -> Iterator[tuple[str, Published]]:
    """Each drawable series with its figure's name: the district's own, else (for each effect and
    value) that of all districts.
    """
    for table in tables:
        is_effect = "intervention_id" in table.keys
        places = (district, POOLED) if is_effect else (district,)
        for figure, part in one_by_one(name, table) if is_effect else [(name, table)]:
            shown = [
                rows for place in places if is_drawable(rows := part.where(district=place), chart)
            ]
            yield from [(figure, rows) for rows in shown[:1]]


def one_by_one(name: str, table: Published) -> Iterator[tuple[str, Published]]:
    """The rows of each intervention and estimand of a table, with the figure's name for them:
    balance-training, effect_curves-training-ESTIMAND.
    """
    keys = [key for key in ONE_EFFECT[1:] if key in table.keys]
    for key_values in table.data.select(keys).unique().sort(keys).to_dicts():
        yield f"{name}-{slug('-'.join(key_values.values()))}", table.where(**key_values)
