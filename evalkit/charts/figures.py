"""All charts of a page at once: SVG markup by figure name. A chart whose table is missing or wholly
withheld is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from inspect import signature
from types import MappingProxyType

from evalkit.charts.look.svg import to_svg
from evalkit.charts.register import CHARTS, ONE_EFFECT, POOLED, Chart, Page
from evalkit.disclosure import Published, require_published
from evalkit.errors import ParameterError
from evalkit.tables import slug
from evalkit.words import Words

# No intervention's estimands are chosen among.
_ALL: Mapping[str, str] = MappingProxyType({})


def district_figures(
    tables: Mapping[str, Published],
    words: Words,
    *,
    district: str | None = None,
    estimands: Mapping[str, str] = _ALL,
) -> dict[str, str]:
    """The charts of a district's evidence: of its people, and of the effects and values that are
    its own.

    Parameters
    ----------
    tables : mapping of str to Published
        Published tables by name; a district's own (`exit_curves-belfast`) or the whole city's.
    words : Words
        The reader's language.
    district : str, optional
        Whose page; needed only when the tables hold several districts.
    estimands : mapping of str to str, optional
        The one estimand that is drawn of an intervention; of those not named, all.

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
    district = district or _only_district(tables)
    charts = _on("place", "effect")
    return _drawn(tables, words, charts, estimands=estimands, district=district)


def overview_figures(tables: Mapping[str, Published], words: Words) -> dict[str, str]:
    """The charts of the city's evidence: its people, and the districts beside each other.

    Parameters, returned value and errors as `district_figures`.
    """
    people = _drawn(tables, words, _on("place"), district=POOLED)
    return people | _drawn(tables, words, _on("city"))


def intervention_figures(
    tables: Mapping[str, Published], words: Words, *, intervention: str
) -> dict[str, str]:
    """The charts of an intervention's evidence: its effect and value for the city, and the
    districts beside each other.

    Parameters, returned value and errors as `district_figures`.
    """
    charts = _on("effect", "intervention")
    # Those of one district draw the city; the others set the districts beside each other.
    of_city = [chart for chart in charts if "district" in chart.one_of]
    beside = [chart for chart in charts if chart not in of_city]
    return _drawn(tables, words, of_city, district=POOLED, intervention_id=intervention) | _drawn(
        tables, words, beside, intervention_id=intervention
    )


def charts_of(table: Published, words: Words) -> list[tuple[str, Published]]:
    """Every chart that is declared of a table and needs no other, one for each intervention and
    estimand: SVG and the rows it is drawn from.

    Raises
    ------
    DisclosureError
        If the table is not `Published`.
    ParameterError
        If it holds several districts and a chart draws one.
    """
    family = require_published(table, where="charts_of").name.partition("-")[0]
    charts = [chart for chart in CHARTS.values() if chart.of == family and _stands_alone(chart)]
    return [
        (to_svg(chart.draw(rows, words), words), rows)
        for chart in charts
        for _, rows in one_by_one(chart.figure, table)
    ]


def _stands_alone(chart: Chart) -> bool:
    _, _, *others = signature(chart.draw).parameters.values()
    return all(other.default is not other.empty for other in others)


def one_by_one(name: str, table: Published) -> Iterator[tuple[str, Published]]:
    """The rows of each intervention and estimand of a table, with the figure's name for them:
    balance-training, effect_curves-training-ESTIMAND. A table without interventions is one.
    """
    keys = [key for key in ONE_EFFECT[1:] if key in table.keys]
    if not keys:
        yield name, table
        return
    for key_values in table.data.select(keys).unique().sort(keys).to_dicts():
        yield f"{name}-{slug('-'.join(key_values.values()))}", table.where(**key_values)


def _on(*pages: Page) -> list[Chart]:
    return [chart for chart in CHARTS.values() if chart.page in pages]


def _drawn(
    tables: Mapping[str, Published],
    words: Words,
    charts: Sequence[Chart],
    *,
    estimands: Mapping[str, str] = _ALL,
    **key_values: str,
) -> dict[str, str]:
    """Every drawable series of the charts, in the rows with these values and, where it is named,
    of an intervention's one estimand.
    """
    for name, table in tables.items():
        require_published(table, where=f"figures, table {name}")
    outcomes = _outcomes(tables)
    return {
        figure: _svg(chart, rows, words, outcomes)
        for chart in charts
        for table in _of_family(tables, chart.of)
        for figure, rows in one_by_one(
            chart.figure, table.where(**key_values) if key_values else table
        )
        if _is_asked(rows, estimands) and chart.is_drawable(rows)
    }


def _is_asked(series: Published, estimands: Mapping[str, str]) -> bool:
    if "estimand" not in series.keys:
        return True
    intervention, estimand = series.data.select("intervention_id", "estimand").row(0)
    return estimands.get(intervention, estimand) == estimand


def _svg(chart: Chart, table: Published, words: Words, outcomes: Mapping[str, str]) -> str:
    """A chart in words about the outcome of its intervention, if it has one."""
    interventions = (
        table.data["intervention_id"].unique().to_list() if "intervention_id" in table.keys else []
    )
    outcome = outcomes.get(interventions[0]) if len(interventions) == 1 else None
    return to_svg(chart.draw(table, words.about(outcome) if outcome else words), words)


def _outcomes(tables: Mapping[str, Published]) -> dict[str, str]:
    """What each intervention is judged by: the one outcome whose share at the end is published."""
    summaries = [
        table.data.select("intervention_id", "outcome").unique()
        for table in _of_family(tables, "effect_summary")
    ]
    return {
        intervention: outcome.removesuffix("_share_at_end")
        for pairs in summaries
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
    published = [
        require_published(table, where=f"figures, table {name}") for name, table in tables.items()
    ]
    with_district = [table for table in published if "district" in table.keys]
    districts = sorted(
        {district for table in with_district for district in table.data["district"].unique()}
        - {POOLED}
    )
    if len(districts) > 1:
        raise ParameterError(
            f"The tables hold {len(districts)} districts, and none was named.",
            where="argument district of district_figures; districts found in the key column "
            '"district"',
            why="A page is about one district; charts of another one would be shown as its own.",
            fix='name it: district_figures(tables, words, district="...").',
        )
    return districts[0] if districts else POOLED
