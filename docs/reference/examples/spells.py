"""Examples of the room spells, on the data of Northern Ireland and on a few made-up months."""

# %% setup
# The tables of the example, as they were admitted, and the rules of its run.
from datetime import date

import polars as pl

from evalkit import effects, intake, spells
from evalkit.batch.vintage import prepare_run
from evalkit.line.delivered import as_delivered
from evalkit.shipped import shipped

run = prepare_run(shipped("params", "northern_ireland.yaml"), out="runs")
tables = intake.admit_run(run).tables
extract = run.params.extract
four = [tables[name] for name in ("income_support", "household_member", "livelihood", "person")]

# %% Extent
# What decides which months are looked at, and when a spell begins and ends.
extent = spells.Extent(
    first_month=extract.first_month, data_through=extract.data_through, max_gap_months=0
)
extent

# %% build_spells
# What a run calls: spells, states and episodes, by the rules of its file.
built = spells.build_spells(tables, run.params)
{name: table.height for name, table in built.items()}

# %% build_support_spells
# One person whose payments have a gap of a month: two spells where no gap is bridged, one where a
# month is.
made = {
    "income_support": pl.DataFrame(
        {
            "household_id": "h",
            "month": [date(2026, month, 1) for month in (1, 2, 4, 5)],
            "district": "North",
        }
    ),
    "household_member": pl.DataFrame(
        {
            "household_id": "h",
            "person_id": "p",
            "month": [date(2026, month, 1) for month in range(1, 10)],
            "role": "lead",
        }
    ),
    "person": pl.DataFrame({"person_id": ["p"], "district": ["North"]}),
}
made_up = [
    pl.concat([as_delivered({}, name), made.get(name, pl.DataFrame())], how="diagonal_relaxed")
    for name in ("income_support", "household_member", "livelihood", "person")
]
for gap in (0, 1):
    one = spells.Extent(date(2026, 1, 1), date(2026, 9, 1), max_gap_months=gap)
    found = spells.build_support_spells(*made_up, extent=one)
    print(gap, found["months"].to_list())

# %% stream_support_spells
# The same in parts, for a register that does not fit into memory.
lazy = [table.lazy() for table in four]
parts = spells.stream_support_spells(*lazy, extent=extent, chunk_persons=200)
sum(part.height for part in parts)

# %% build_state_intervals
intervals = spells.build_state_intervals(*four, extent=extent, outcome_groups=True)
intervals["from_state"].value_counts(sort=True)

# %% build_episodes
episodes = spells.build_episodes(
    tables["participation"], tables["intervention"], data_through=extract.data_through
)
episodes.select("start", "end", "planned_months", "is_running").head(2)

# %% people_counts
spells.people_counts(tables["person"], built["support_spells"])

# %% exit_counts
exits = spells.exit_counts(built["support_spells"])
exits.filter(district="all")

# %% exit_sources
spells.exit_sources(built["support_spells"], *four[:3]).head(4)

# %% after_support
after = spells.after_support(built["support_spells"], built["state_intervals"], extent=extent)
after.select(pl.exclude("person_id", "cluster_id")).columns

# %% after_support_counts
lasting = spells.after_support_counts(after)
lasting.filter(district="all")

# %% exit_bounds
# Between what the shares lie, where the reason is not known of some.
spells.exit_bounds(exits, lasting).filter(district="all").head(3)

# %% of_city
# The city as one: every district is called "all".
spells.of_city(built["support_spells"])["district"].unique().to_list()

# %% exit_curve_bounds
from evalkit import survival

curves = survival.exit_curves(spells.of_city(built["support_spells"]), horizon_months=24)
spells.exit_curve_bounds(curves, months=[12])

# %% spell_counts
# Every counted table of a run, by the name under which it is published.
sorted(spells.spell_counts(tables, built, run.params))

# %% spells_by_characteristic
groups = spells.spells_by_characteristic(
    built["support_spells"], tables["person"], tables["household_member"], age_bands=[18]
)
groups.group_by("characteristic", "group").len().sort("characteristic", "group")

# %% spells_by_gap
by_gap = spells.spells_by_gap(tables, run.params)

# %% gap_sensitivity
# How much the rule about gaps in payment matters: here not at all beyond one month.
medians = survival.median_months(by_gap, by=["district", "max_gap_months"])
spells.gap_sensitivity(by_gap, medians).filter(district="all")

# %% occupied_places
occupied = spells.occupied_places(built["episodes"], extract.data_through)
occupied.head(3)

# %% months_per_start
spells.months_per_start(occupied, extract.first_month)

# %% starts_by_district
spells.starts_by_district(built["episodes"], built["support_spells"], tables["person"]).head(3)

# %% placed_starts
spells.placed_starts(built["episodes"], built["support_spells"], tables["person"]).head(3)

# %% shared_places
# Nobody filled a place of another district here.
spells.shared_places(built["episodes"], tables["person"], data_through=extract.data_through).height

# %% offer_counts
counted = effects.trial_months(effects.load_protocols(run), extract.first_month)
now = {**tables, **built}
spells.offer_counts(now, run.params, counted=counted)

# %% monthly_counts
# What can be counted month by month, of which forecasts are made: how many left for work in a year.
monthly = spells.monthly_counts(now, run.params)
monthly.filter(district="all", quantity="exits_to_work").tail(12)["n"].sum()

# %% plan_counts
spells.plan_counts(built["episodes"], data_through=extract.data_through)

# %% episode_gaps
gaps = spells.episode_gaps(
    built["episodes"], built["support_spells"], last_month_known=extract.data_through
)
gaps.select(pl.exclude("person_id")).columns

# %% gap_counts
spells.gap_counts(gaps)

# %% count_loops
# How often people came back to a state that they had left.
spells.count_loops(built["state_intervals"], level="state").select("n_moves", "n_returns").sum()

# %% loop_counts
spells.loop_counts(built["state_intervals"]).filter(district="all")

# %% state_sources
spells.state_sources(*four, extent=extent)

# %% livelihood_collisions
spells.livelihood_collisions(*four[:3], extent=extent)

# %% timeline_faults
spells.timeline_faults(tables["livelihood"], tables["person"], extent=extent)

# %% long_term_classes
classes = spells.long_term_classes(four[0], four[1], tables["person"], extent=extent)
classes.columns

# %% long_term_counts
spells.long_term_counts(classes).filter(district="all").head(3)

# %% before_after
# Empty: the run declares no break in time.
spells.before_after(built["support_spells"], run).height

# %% ended_participants
ended = spells.ended_participants(
    tables["participation"],
    tables["livelihood"],
    built["state_intervals"],
    tables["person"],
    year=1996,
    extent=extent,
)
ended.columns

# %% ended_participation
# Kolada's count: who ended in a year, and how many of them began to work or study.
spells.ended_participation(ended, year=1996)

# %% activity_quarter
# Whom the activity requirement concerned in a quarter, on a made-up plan.
plan = pl.DataFrame(
    {"person_id": ["p"], "start": [date(2026, 9, 1)], "weekly_target_hours": [20.0]}
)
plan = pl.concat([as_delivered({}, "activity_plan"), plan], how="diagonal_relaxed")
spells.activity_quarter(plan, as_delivered({}, "activity_month"), made["person"], quarter="2026-Q4")
