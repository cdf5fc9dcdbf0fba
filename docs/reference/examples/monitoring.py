"""Examples of the room monitoring, on a few made-up people."""

# %% setup
# Tables of two people, as they would be admitted, and the rules of a run.
from datetime import date

import polars as pl

from evalkit import monitoring
from evalkit.line.delivered import delivered
from evalkit.params import Extract
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

# %% Followed
# Which months of an extract are looked at: here from January 2025 to June 2027.
followed = monitoring.Followed(rules, first=2025 * 12, last=2027 * 12 + 5)

# %% coming_closer
# One of the two works a year after she began with coaching, which is declared to stand on step 4.
on_step = pl.DataFrame({"intervention_id": "coaching", "name": "Coaching", "ladder_step": 4})
intervals = pl.DataFrame(
    {
        "person_id": ["a", "b"],
        "district": ["North", "South"],
        "start_month": 0,
        "stop_month": 30,
        "from_state": ["work", "support"],
    }
)
seen = tables | {
    "state_intervals": intervals,
    "intervention": pl.concat([tables["intervention"], on_step], how="diagonal_relaxed"),
}
closer = monitoring.coming_closer(seen, followed)
closer["ladder"].filter(pl.col("n_persons") > 0)

# %% completeness
# Of those who started in the year to June, how many have a planned end.
filled = monitoring.completeness(tables, rules, through=date(2026, 6, 1))
filled.filter(pl.col("field").is_in(["all", "planned_end"])).sort("district", "field")

# %% in_areas
# The same people once for their district, here pooled into one area, and once for the city.
monitoring.in_areas(tables["person"], MonitoringRules(pooled={"All of it": ("North", "South")}))

# %% programme_actions
# What two districts planned, and how far it has come.
extract = Extract.model_validate(
    {"folder": "x", "first_month": "2026-01", "data_through": "2026-12"}
)
planned = pl.concat(
    [
        tables["action"],
        pl.DataFrame(
            {
                "district": ["North", "South"],
                "action_id": ["mentors", "mentors"],
                "theme": "young_adults",
                "start": [date(2026, 2, 1), date(2027, 2, 1)],
                "title": "Mentorer",
                "interventions": "coaching",
            }
        ),
    ],
    how="diagonal_relaxed",
)
actions = monitoring.programme_actions(planned, extract)
actions.select("district", "title", "progress")

# %% programme_themes
monitoring.programme_themes(actions).filter(theme="young_adults")

# %% programme_reach
# Each lived in their own district all year.
lived = pl.DataFrame(
    {
        "person_id": ["a", "b"],
        "district": ["North", "South"],
        "start_month": 0,
        "stop_month": 12,
    },
    schema_overrides={"start_month": pl.Int32, "stop_month": pl.Int32},
)
monitoring.programme_reach(
    actions,
    participation=tables["participation"],
    outreach=tables["outreach"],
    state_intervals=lived,
    extract=extract,
    rules=rules,
)

# %% needs_and_offer
# Five people need to be observed in daily work; two of them start work training, which answers it.
from evalkit.batch.vintage import prepare_run
from evalkit.shipped import shipped

run = prepare_run(shipped("params", "northern_ireland.yaml"), out="runs")
through = run.params.extract.follow_up_through
register = {
    "intervention": {
        "intervention_id": ["work_training"],
        "kind": ["work_training"],
        "content": ["painting supervision"],
    },
    "need": {
        "district": ["Belfast"],
        "month": [through],
        "need": ["observation_in_daily_work"],
        "n_persons": [5],
    },
}
given = tables | {
    name: pl.concat([delivered()[name].empty(), pl.DataFrame(rows)], how="diagonal_relaxed")
    for name, rows in register.items()
}
given["support_spells"] = pl.DataFrame(
    schema={"person_id": str, "district": str, "start": date, "end": date}
)
starts = pl.DataFrame(
    {
        "person_id": ["a", "b"],
        "intervention_id": "work_training",
        "start": through,
        "end": None,
        "month": through,
        "district": "Belfast",
    },
    schema_overrides={"end": pl.Date},
)
needs = monitoring.needs_and_offer(given, starts, run)
needs["need_offer"].filter(pl.col("district") == "all")

# %% outreach_costs
# Nothing is known of what outreach costs where nobody delivered or declared it.
no_offers = pl.DataFrame(
    schema={"district": str, "intervention_id": str, "cost": float, "currency": str}
)
monitoring.outreach_costs(given, needs["outreach_funnel"], no_offers, params=run.params).height
