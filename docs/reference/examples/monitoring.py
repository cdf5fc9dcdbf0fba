"""Examples of the room monitoring, on a few made-up people."""

# %% setup
# Tables of two people, as they would be admitted, and the rules of a run.
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import polars as pl

from evalkit import monitoring
from evalkit.line.delivered import delivered
from evalkit.line.tables import table as line_table
from evalkit.params import Extract, Run, RunFile
from evalkit.line.tables import published
from evalkit.monitoring_rules import MonitoringRules
from evalkit.words import words

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

# %% PROCESS_TABLES, ACTIVITY_TABLES
# The delivered tables from which the process, and the hours of the activity requirement, are read.
{name: delivered()[name].keys for name in (*monitoring.PROCESS_TABLES, *monitoring.ACTIVITY_TABLES)}

# %% completeness
# Of those who started in the year to June, how many have a planned end.
filled = monitoring.completeness(tables, rules, through=date(2026, 6, 1))
filled.filter(pl.col("field").is_in(["all", "planned_end"])).sort("district", "field")

# %% accounts_of
# How the run on the simulated Stockholm reads its accounts: what a report has printed of 2012.

from evalkit.line.accounts import AccountsFile
from evalkit.records import load
from evalkit.shipped import shipped

run_file = shipped("params") / "stockholm.yaml"
run = Run(run_dir=Path("runs"), run_file=run_file, params=load(run_file, RunFile))
monitoring.accounts_of(run).reported[0]

# %% accounts_reconciled
# A holiday job that was booked on the parks, where the young person worked, counts as one.
account = pl.DataFrame(
    [("a", "budget", "7300", None, 900.0), ("b", "booked", "4500", "holiday_job", 800.0)],
    schema=["posting_id", "side", "account_code", "cost_area", "amount"],
    orient="row",
).with_columns(district=pl.lit("North"), year=pl.lit(2026, pl.Int32), currency=pl.lit("SEK"))
postings = pl.concat([delivered()["account"].empty(), account], how="diagonal_relaxed")
rule = {"key": "at_hosts", "title": {"en": "at hosts"}, "accounts": ["4*"], "to": "holiday_job"}
reading = AccountsFile(
    file="made_up",
    title={"en": "Made up"},
    areas=[
        {"key": "holiday_job", "name": {"en": "holiday jobs"}, "accounts": ["7300"]},
        {"key": "parks", "name": {"en": "parks"}, "accounts": ["4*"], "is_outside": True},
    ],
    rules=[rule | {"stated_area": "holiday_job", "source": "made up", "grade": "L"}],
)
no_costs = published("place_costs").empty()
money = monitoring.accounts_reconciled(postings, no_costs, reading, rules)
money["account_areas"].filter(pl.col("district") == "North")

# %% cost_range_per_end
# Places at 20 to 85 thousand, of which 15 to 37 per cent end: a range that says nothing.
monitoring.cost_range_per_end((20_000.0, 85_000.0), (0.15, 0.37))

# %% places_paid
# Ten places cost 9 000 a month together and 500 for each that is filled; two people ended.
months = [date(2026, month, 1) for month in range(1, 7)]
capacity = pl.DataFrame({"month": months}).with_columns(
    intervention_id=pl.lit("coaching"),
    places=10,
    fixed_cost=9_000.0,
    variable_cost=500.0,
    currency=pl.lit("SEK"),
    price_year=2026,
)
capacity = pl.concat([tables["capacity"], capacity], how="diagonal_relaxed")
ended = tables["participation"].with_columns(end=date(2026, 6, 1))
occupied = pl.DataFrame({"intervention_id": "coaching", "month": months, "n_occupied": 2})
given = {"districts": ("North", "South"), "data_through": date(2026, 6, 1)}
delivered_tables = tables | {"capacity": capacity, "participation": ended}
paid = monitoring.places_paid(delivered_tables, occupied, no_costs, reading, **given)
paid["place_ends"]

# %% in_areas
# The same people once for their district, here pooled into one area, and once for the city.
monitoring.in_areas(tables["person"], MonitoringRules(pooled={"All of it": ("North", "South")}))

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
    schema={"person_id": str, "district": str, "start": date, "end": date, "exit": str}
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
from evalkit import disclosure
from evalkit.line.published import PUBLISHED

funnel = disclosure.protected(needs["outreach_funnel"], "outreach_funnel", run)
offers = disclosure.protected(PUBLISHED["offers"].empty(), "offers", run)
monitoring.outreach_costs(given, funnel, offers, params=run.params).height

# %% by_area
# The same people, each once.
monitoring.by_area(tables["person"], MonitoringRules(pooled={"All of it": ("North", "South")}))

# %% common_process
# What is known of the process of each of the two until the end of 2026, by the rules of the run
# file: here that a had a plan, and was followed up once.
process_params = SimpleNamespace(
    monitoring=rules,
    extract=SimpleNamespace(data_through=date(2026, 12, 1), follow_up_through=date(2026, 12, 1)),
)
done = {
    "plan": {"person_id": ["a"], "kind": ["work_plan"], "date": [date(2026, 3, 5)]},
    "follow_up": {"person_id": ["a"], "self_rating": [2], "date": [date(2026, 4, 8)]},
}
written = {
    name: pl.concat(
        [tables[name], pl.DataFrame(rows).with_columns(intervention_id=pl.lit("coaching"))],
        how="diagonal_relaxed",
    )
    for name, rows in done.items()
}
process = monitoring.common_process(tables | written, process_params)
process.due

# %% process_kept
# What was asked for, and what was done.
no_spells = line_table("support_spells").empty()
monitoring.process_kept(process, no_spells).filter(district="all").sort("measure", "answer")

# %% follow_ups_overdue
# Both should have been followed up since, and nobody says who is responsible.
monitoring.follow_ups_overdue(process).filter(district="all").sort("responsible_role", "answer")

# %% attended_hours
# No follow-up says how much was attended, and no hours were assigned.
monitoring.attended_hours(process, tables)

# %% ability_change
# Nobody was rated twice.
monitoring.ability_change(process)

# %% ability_ends
# One of the one who was rated is at neither end of the scale.
monitoring.ability_ends(process).filter(district="all")

# %% of_enough
# What may be published of two people: that they were asked about, and no number.
monitoring.of_enough(monitoring.ability_ends(process)).filter(district="all")

# %% last_quarter
# The last quarter that is known to its end.
monitoring.last_quarter(process_params.extract)

# %% worklist
# What is to be done: both have not been followed up in time, and b has no plan either.
found = line_table("effect_moments").empty()
to_do = monitoring.worklist(process, no_spells, found)
to_do

# %% worklist_size
# What of it is published.
monitoring.worklist_size(to_do, area="all")

# %% worklist_in_words
# And the list itself, as those read it who work by it.
monitoring.worklist_in_words(to_do, on_step, words("en"))
# %% access_tables
# Six people come to support, half of them women; a woman and a man start coaching in March.
came = {
    "person_id": list("abcdef"),
    "spell_no": 1,
    "household_id": list("abcdef"),
    "cluster_id": list("abcdef"),
    "district": "North",
    "start": date(2024, 1, 1),
    "end": date(2025, 6, 1),
    "entry": 0,
    "months": 17,
    "is_start_known": True,
    "weight": 1.0,
    "characteristic": "sex",
    "group": ["female", "male"] * 3,
}
started = {"person_id": ["a", "d"], "episode_no": 1, "intervention_id": "coaching"}
started |= {"start": date(2024, 3, 1), "end": date(2024, 9, 1)}
spells = pl.concat(
    [line_table("support_spells").empty(), pl.DataFrame(came)], how="diagonal_relaxed"
)
episodes = pl.concat(
    [line_table("episodes").empty(), pl.DataFrame(started)], how="diagonal_relaxed"
)
access = monitoring.access_tables(spells, episodes, tables["intervention"], rules=rules, seed=1)
access["access"].filter(pl.col("district") == "all", pl.col("measure") == "within")

# %% programme
# Two districts planned mentors; one has begun. Those who start there begin coaching.
extract = Extract.model_validate(
    {"folder": "x", "first_month": "2026-01", "data_through": "2026-12"}
)
planned = {
    "district": ["North", "South"],
    "action_id": "mentors",
    "theme": "young_adults",
    "start": [date(2026, 2, 1), date(2027, 2, 1)],
    "title": "Mentorer",
    "interventions": "coaching",
}
people = {"person_id": ["a", "b"], "district": ["North", "South"], "from_state": "support"}
of_them = ("participation", "outreach", "plan", "follow_up")
given = {name: tables[name] for name in of_them} | {
    "action": pl.concat([tables["action"], pl.DataFrame(planned)], how="diagonal_relaxed"),
    "episodes": pl.concat(
        [line_table("episodes").empty(), pl.DataFrame(made["participation"])],
        how="diagonal_relaxed",
    ),
    "state_intervals": pl.concat(
        [
            line_table("state_intervals").empty(),
            pl.DataFrame(people).with_columns(start_month=0, stop_month=12),
        ],
        how="diagonal_relaxed",
    ),
}
told = monitoring.programme(given, SimpleNamespace(extract=extract, monitoring=rules))
told["programme_reach"]

# %% forecasts, earlier_record, Earlier
# Nine years in which ten people start coaching in every month: 30, 60 and 120 are expected in the
# next three, six and twelve months. No vintage came before, so there is no record yet.
n_months = 108
counts = pl.DataFrame(
    {
        "district": ["all", "North"] * n_months,
        "quantity": "starts",
        "intervention_id": "coaching",
        "month_no": [2017 * 12 + month for month in range(n_months) for _ in range(2)],
        "n": 10,
        "n_persons": 100,
        "n_people": 1000,
    },
    schema_overrides={name: pl.Int32 for name in ("month_no", "n", "n_persons", "n_people")},
)
town = RunFile.model_validate(
    {
        "run": "town",
        "title": {"sv": "Stad", "en": "Town"},
        "districts": ["North"],
        "seed": 1,
        "extract": {"folder": "town", "first_month": "2017-01", "data_through": "2025-12"},
    }
)
vintage = Run(run_dir=Path("2025-12-00000000"), run_file=Path("town.yaml"), params=town)
earlier = monitoring.earlier_record(vintage)
told = monitoring.forecasts(counts, town, earlier)
told.filter(district="all").select("due", "n_expected", "n_95_lower", "n_95_upper")

# %% record_in
# What a vintage has told is read from its folder; where there is none it is empty.
monitoring.record_in(None).record.height

# %% forecast_record
# A line for each district, whose hash covers what was told.
record = monitoring.forecast_record(told.with_columns(status=pl.lit("ok")), vintage, earlier)
record.select("made", "district", "n_forecasts", "line_status")

# %% forecast_outcomes, forecast_scores
# Nothing was told before, so there is nothing to score.
outcomes = monitoring.forecast_outcomes(counts, town, {}, earlier)
monitoring.forecast_scores(earlier.forecasts, outcomes)
