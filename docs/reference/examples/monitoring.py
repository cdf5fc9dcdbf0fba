"""Examples of the room monitoring, on a few made-up people."""

# %% setup
# Tables of two people, as they would be admitted, and the rules of a run.
from datetime import date

import polars as pl

from evalkit import monitoring
from evalkit.line.delivered import delivered
from evalkit.run_rules import MonitoringRules

rules = MonitoringRules()
made = {
    "person": {"person_id": ["a", "b"], "district": ["North", "South"], "weight": [1.0, 1.0]},
    "participation": {
        "person_id": ["a", "b"],
        "intervention_id": "coaching",
        "start": date(2026, 3, 1),
        "planned_end": [date(2026, 9, 1), None],
    },
}
tables = {
    name: pl.concat([table.empty(), pl.DataFrame(made.get(name, {}))], how="diagonal_relaxed")
    for name, table in delivered().items()
}

# %% completeness
# Of those who started in the year to June, how many have a planned end.
filled = monitoring.completeness(tables, rules, through=date(2026, 6, 1))
filled.filter(pl.col("field").is_in(["all", "planned_end"])).sort("district", "field")

# %% in_areas
# The same people once for their district, here pooled into one area, and once for the city.
monitoring.in_areas(tables["person"], MonitoringRules(pooled={"All of it": ("North", "South")}))
