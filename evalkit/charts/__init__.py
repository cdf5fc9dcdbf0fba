"""Charts of published tables: SVG without a browser or a network.

families/ holds the charts, one module per family, each declared once by `register.chart`. look/
holds how they look and are put together. `figures` draws all charts of a page, `show` those of a
notebook.
"""

# ruff: noqa: E402 (altair comes with jsonschema, which is to be imported without its grammars)

from evalkit.imports import import_without_grammars

import_without_grammars("jsonschema")

from evalkit.charts.families.balance import balance
from evalkit.charts.families.cash_flow import value_curve
from evalkit.charts.families.curves import exit_curves, states
from evalkit.charts.families.districts import district_ranks, naive_and_corrected
from evalkit.charts.families.effects import effect_curves, effect_months
from evalkit.charts.families.funnel import access_funnel, funnel
from evalkit.charts.families.groups import exit_rates, group_curves
from evalkit.charts.families.overlap import overlap
from evalkit.charts.families.overview import district_comparison
from evalkit.charts.families.sensitivity import value_acceptability, value_tornado
from evalkit.charts.families.value import value_by_actor, value_summary
from evalkit.charts.figures import (
    charts_of,
    district_figures,
    intervention_figures,
    overview_figures,
)
from evalkit.charts.show import show

__all__ = [
    "access_funnel",
    "balance",
    "charts_of",
    "district_comparison",
    "district_figures",
    "district_ranks",
    "effect_curves",
    "effect_months",
    "exit_curves",
    "exit_rates",
    "funnel",
    "group_curves",
    "intervention_figures",
    "naive_and_corrected",
    "overlap",
    "overview_figures",
    "show",
    "states",
    "value_acceptability",
    "value_by_actor",
    "value_curve",
    "value_summary",
    "value_tornado",
]
