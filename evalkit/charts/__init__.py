"""Charts of published tables: one theme, a module a family of figures, SVG without a browser or a
network.
"""

from evalkit.charts.balance import balance
from evalkit.charts.cash_flow import value_curve
from evalkit.charts.curves import exit_curves, states
from evalkit.charts.districts import district_ranks, naive_and_corrected
from evalkit.charts.effects import effect_curves, effect_months
from evalkit.charts.figures import district_figures, overview_figures
from evalkit.charts.funnel import funnel
from evalkit.charts.groups import exit_rates, group_curves
from evalkit.charts.overlap import overlap
from evalkit.charts.overview import district_comparison
from evalkit.charts.sensitivity import value_acceptability, value_tornado
from evalkit.charts.show import Shown, show, show_each
from evalkit.charts.theme import to_svg
from evalkit.charts.value import value_by_actor, value_summary
from evalkit.imports import import_without_grammars

import_without_grammars("jsonschema")  # before the first chart imports altair

__all__ = [
    "Shown",
    "balance",
    "district_comparison",
    "district_figures",
    "district_ranks",
    "effect_curves",
    "effect_months",
    "exit_curves",
    "exit_rates",
    "funnel",
    "group_curves",
    "naive_and_corrected",
    "overlap",
    "overview_figures",
    "show",
    "show_each",
    "states",
    "to_svg",
    "value_acceptability",
    "value_by_actor",
    "value_curve",
    "value_summary",
    "value_tornado",
]
