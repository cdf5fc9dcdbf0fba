"""Examples of the room economics, on the effect of training in Northern Ireland and the prices that
come with evalkit, which are illustrative.
"""

# %% setup
# The effect of the training programme in the data that come with evalkit, with few draws, and the
# book of prices of their run, which are illustrative.
from dataclasses import replace

import numpy as np
import polars as pl

from evalkit import allocation, disclosure, economics, effects, intake, spells
from evalkit.batch.vintage import prepare_run, write_run
from evalkit.errors import EvalkitError
from evalkit.shipped import shipped
from evalkit.tables import write_table

run = prepare_run(shipped("params", "northern_ireland.yaml"), out="runs")
tables = intake.admit_run(run).tables
protocols = effects.load_protocols(run)
built = spells.build_spells(tables, run.params, protocols=protocols)
people = effects.PersonTables(
    **{name: built[name] for name in ("support_spells", "episodes", "state_intervals")},
    person=tables["person"],
    first_month=run.params.extract.first_month,
)
few = {"n_draws": 20, "seed": 1}
weights = effects.intervention_weights(people, protocols[0], **few)
of_districts = [
    effects.district_effects(
        people, protocols, propensity=weights.propensity, district=district, **few
    )
    for district in run.params.districts
]
found = effects.intervention_effects(
    pl.concat(part.sums for part in of_districts),
    protocols[0],
    district_status=pl.concat(part.status for part in of_districts),
    weights_status=weights.weights_status,
    effect_people=weights.effect_people,
    programme_sums=pl.concat(part.programmes for part in of_districts),
    seed=1,
)
draws = effects.primary_draws([found.draws], protocols)
rules = {"seed": 1, "programmes": found.programmes, "horizon_months": 24}
draws.filter(draw=0, month=24, state="work")

# %% load_price_book
book = economics.load_price_book(shipped("params", "unit_costs", "northern_ireland.yaml"))
book.currency, book.price_year, len(book.prices), len(book.postings)

# %% price_table
economics.price_table(book).head(5)

# %% value_effects
# The ledger: money per participant by draw, actor, kind and posting.
ledger = economics.value_effects(draws, book, **rules)
ledger.filter(draw=0).head(6)

# %% value_by_actor
economics.value_by_actor(ledger)

# %% posting_ranges
# The ranges alone, without the ledger's draws: of a second reading of the effects. Here it is the
# plain one again, so that the span is what it was.
again = economics.posting_ranges(draws, book, **rules)
spanned = economics.value_by_actor(ledger, second=again)
spanned.head(3)

# %% with_people
# What gate 2 asks of a row: who is behind it, and what one of them does to it.
actors = economics.with_people(economics.value_by_actor(ledger), found.status)
actors.select("actor", "posting", "n_starters", "one_person").head(3)

# %% postings_of_many
# Of 29 people each actor's sum alone.
economics.postings_of_many(actors).select("actor", "posting", "estimate")

# %% plot
economics.plot(economics.value_by_actor(ledger))

# %% summarise_value
economics.summarise_value(ledger)

# %% value_results
# What a run publishes of the ledger: sums by perspective, payback, ratios, what moves them.
results = economics.value_results(draws, book, n_draws=20, **rules)
results.totals.head(3)

# %% displacement_sensitivity
economics.displacement_sensitivity(draws, book, **rules)

# %% value_levers
# Of fewer than 50 people there is no what-if; here are 29, taken as 60.
sixty = found.status.with_columns(n_starters=pl.lit(60, pl.Int32))
economics.value_levers(
    draws,
    book,
    status=sixty,
    min_starters=10,
    n_draws=20,
    seed=1,
    programmes=found.programmes,
).head(3)

# %% value_by_group
# This protocol declares no groups, so the only one is everybody.
groups = effects.group_tables(
    people.trials(protocols[0]), people.person, propensity=weights.propensity, **few
)
economics.value_by_group(
    groups.group_draws,
    book,
    seed=1,
    programmes=groups.group_programme_draws,
    horizon_months=24,
).head(3)

# %% refuse_horizon
# The book does not say how the effect fades, so nothing can be counted beyond what was observed.
try:
    economics.refuse_horizon(60, 24, book, where="value.horizon_months")
except EvalkitError as refusal:
    print(refusal)

# %% refuse_unknown_states
try:
    economics.refuse_unknown_states(["work", "pension"], book)
except EvalkitError as refusal:
    print(refusal)

# %% refuse_unknown_districts
# Nothing is refused: this book has no prices of single districts.
economics.refuse_unknown_districts(book, ["Belfast"])

# %% price_book_of_run
# The same book, with places' own costs where the extract delivers them; here it does not.
occupied = spells.occupied_places(built["episodes"], run.params.extract.follow_up_through)
economics.price_book_of_run(run, occupied).book

# %% run_place_costs
# Empty: no table of places was delivered.
economics.run_place_costs(run, occupied).height

# %% start_costs
lengths = spells.months_per_start(occupied, run.params.extract.first_month)
economics.start_costs(book, lengths)

# %% offer_prices
economics.offer_prices(run, occupied, lengths)

# %% place_prices
costs = pl.DataFrame(
    {
        "intervention_id": ["coaching", "coaching"],
        "year": [2025, 2026],
        "cost_per_filled_place": [9000.0, 9500.0],
        "currency": "SEK",
        "price_year": 2026,
    }
)
economics.place_prices(costs)

# %% load_dated, DatedFile
# Dated parameters: rates, indices and rules by period, with their sources.
records = economics.load_dated(
    [
        *sorted(shipped("params", "rates").glob("*.yaml")),
        shipped("params", "price_index", "sweden.yaml"),
    ]
)
sorted(records)[:4]

# %% value_at
economics.value_at(records, "price_index.cpi", 2023).value

# %% convert_price_year
# A hundred kronor of 2012 in the money of 2023.
economics.convert_price_year(100.0, from_year=2012, to_year=2023, records=records)

# %% convert_currency
economics.convert_currency(100.0, currency="EUR", to="SEK", year=2023, records=records)

# %% explain
print("\n".join(economics.explain("price_index.cpi", shipped("params"))[:6]))

# %% present_value
# A thousand in the middle of each of twelve months, at three and a half per cent a year.
economics.present_value(np.full(12, 1000.0), 0.035, np.arange(12) + 0.5)

# %% mvpf
# What people gain per unit of net cost: the point estimate first, then the replicates.
rng = np.random.default_rng(1)
gain, cost = rng.normal(900, 200, 500), rng.normal(600, 80, 500)
economics.mvpf(gain, cost)

# %% fieller_limits
economics.fieller_limits(900, 600, sd_numerator=200, sd_denominator=80)

# %% incremental_table
options = {"none": 0.0, "coaching": 400.0, "course": 900.0, "both": 1500.0}
months = {"none": 0.0, "coaching": 1.0, "course": 1.1, "both": 2.2}
economics.incremental_table(options, months)

# %% acceptability_curve
replicates = {"none": np.zeros(500), "course": cost}
gained = {"none": np.zeros(500), "course": rng.normal(1.0, 0.6, 500)}
economics.acceptability_curve(replicates, gained, [0, 500, 1000])

# %% evpi
net_benefit = np.column_stack([np.zeros(500), 800 * gained["course"] - cost])
economics.evpi(net_benefit)

# %% evppi
# What it would be worth to know the effect alone.
economics.evppi(net_benefit, {"effect": gained["course"]})

# %% cohort_trace
# A cohort on support: each month a tenth goes to work, and two of a hundred come back.
trace = economics.cohort_trace([1.0, 0.0], [[0.9, 0.1], [0.02, 0.98]], 12)
trace[[0, 6, 12]].round(3)

# %% cohort_totals
# A month on support costs ten thousand.
economics.cohort_totals(trace, [10_000.0, 0.0], annual_rate=0.035)

# %% load_what_if, WhatIf
# A declared cohort: what if nothing was observed?
cohort = economics.load_what_if(shipped("params", "what_if", "long_term_support.yaml"))
cohort.horizon_months, cohort.programme_months, cohort.initial

# %% what_if_value
stockholm = economics.load_price_book(shipped("params", "unit_costs", "stockholm.yaml"))
economics.what_if_value(cohort, stockholm)

# %% run_scenario, Scenario
# One of the scenarios that come with evalkit: what changes, and what it moves.
economics.run_scenario(shipped("params", "scenarios", "ordinary_department.yaml"))

# %% run_scenarios
economics.run_scenarios(shipped("params", "scenarios"))

# %% advice_of_run
# From what a run has published; here that is published first, in an empty folder.
write_run(run)
status = effects.status_of_run(sixty, protocols, run.params.districts)
levers = economics.value_levers(
    draws,
    book,
    status=status,
    min_starters=10,
    n_draws=20,
    seed=1,
    programmes=found.programmes,
)
disclosure.release_all(
    {
        **results.for_publication(status),
        "value_levers": levers,
        "effect_status": effects.status_for_publication(status, n_draws=20),
        "effect_summary": effects.summaries(found, protocols[0]).effect_summary,
        "effect_readings": effects.readings(found, protocols[0]),
    },
    run,
    grade="L",
)
write_table(results.totals, run.run_dir, "value_totals")
write_table(results.second_totals, run.run_dir, "second_totals")
counts = spells.offer_counts(
    {**tables, **built},
    run.params,
    counted=effects.trial_months(protocols, run.params.extract.first_month),
)
own_prices = economics.offer_prices(run, occupied, lengths)
places = economics.run_place_costs(run, occupied)
register = allocation.register_offers(counts, prices=own_prices, places=places, min_persons=20)
offers = disclosure.release(register, "offers", run)
advice = economics.advice_of_run(run, offers)
advice.select("district", "intervention_id", "advice", "advice_reason")

# %% levers_of
# What the page "what if" moves: the published tables of one intervention in one district.
published = {
    name: disclosure.read_published(run.run_dir, name).data
    for name in ("value_levers", "value_parts", "value_curve", "value_payback", "offers")
}
published["advice"] = disclosure.release(advice, "advice", run).data
of_city = economics.levers_of(published, "all", "government_training")
of_city.state

# %% revalue, LeverState, Revalued
# What a start is worth if half of the new work displaces others.
displaced = replace(of_city.state, displaced_share=0.5)
economics.revalue(of_city, displaced, run.params.value.advice)

# %% read_vintage
# A finished run as a vintage: its effects, its book, and the value that it reported.
write_table(ledger, run.run_dir, "value_draws")
for name, drawn in (
    ("effect_draws", found.draws),
    ("effect_programme_draws", found.programmes),
):
    write_table(drawn, run.run_dir, name, unit="government_training")
before = economics.read_vintage(run.run_dir, book, horizon_months=24)
before

# %% drift
# What moved the value between two runs, step by step; here the run is compared with itself.
economics.drift(before, before).filter(district="all", perspective="society")
