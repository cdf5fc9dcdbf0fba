"""Examples of the room charts: pictures of published tables, as pages show them."""

# %% setup
# The tables of the example's run, each passed through the rule that guards it, as notebooks do. Few
# draws, so ranges are rough.
import polars as pl

from evalkit import charts, disclosure, economics, effects, intake, monitoring, spells, survival
from evalkit.batch.vintage import prepare_run
from evalkit.line.characteristics import CASE_MIX
from evalkit.shipped import shipped
from evalkit.words import words_of_run

run = prepare_run(shipped("params", "northern_ireland.yaml"), out="runs")
words = words_of_run(run, "en")
tables = intake.admit_run(run).tables
protocol = effects.protocol_of(run)
built = spells.build_spells(tables, run.params, protocols=[protocol])
city = spells.of_city(built["support_spells"])
people = effects.PersonTables(
    **{name: built[name] for name in ("support_spells", "episodes", "state_intervals")},
    person=tables["person"],
    first_month=run.params.extract.first_month,
)
few = {"n_draws": 20, "seed": 1}
trials = people.trials(protocol)
weights = effects.intervention_weights(people, protocol, **few)
parts = [
    effects.district_effects(
        people, [protocol], propensity=weights.propensity, district=district, **few
    )
    for district in run.params.districts
]
found = effects.intervention_effects(
    pl.concat(part.sums for part in parts),
    protocol,
    district_status=pl.concat(part.status for part in parts),
    weights_status=weights.weights_status,
    effect_people=weights.effect_people,
    event_sums=pl.concat(part.events for part in parts),
    programme_sums=pl.concat(part.programmes for part in parts),
    seed=1,
)
told = effects.summaries(found, protocol)

# %% exit_curves, show
# A picture with the rows it is drawn from.
table = disclosure.protected(
    survival.exit_curves(city, horizon_months=24), "exit_curves", run, district="all"
)
charts.show(charts.exit_curves, table, words)

# %% exit_rates
rates = survival.exit_rates(city, periods=[3, 6, 12], horizon_months=24)
charts.show(
    charts.exit_rates, disclosure.protected(rates, "exit_rates", run, district="all"), words
)

# %% group_curves
groups = spells.spells_by_characteristic(
    city, tables["person"], tables["household_member"], age_bands=[18]
)
of_groups = survival.group_curves(groups, horizon_months=24)
charts.show(
    charts.group_curves,
    disclosure.protected(of_groups, "group_curves", run, district="all"),
    words,
)

# %% states
shares = survival.state_shares(spells.of_city(built["state_intervals"]), built["support_spells"])
charts.show(charts.states, disclosure.protected(shares, "states", run, district="all"), words)

# %% district_comparison
spans = survival.months_on_support(built["support_spells"], horizons=[24])
charts.show(charts.district_comparison, disclosure.protected(spans, "time_on_support", run), words)

# %% effect_curves
table = disclosure.protected(told.effect_curves, "effect_curves", run)
charts.show(charts.effect_curves, table.where(district="all"), words)

# %% effect_months
table = disclosure.protected(told.effect_summary, "effect_summary", run)
charts.show(charts.effect_months, table.where(district="all"), words)

# %% naive_and_corrected
table = disclosure.protected(effects.readings(found, protocol), "effect_readings", run)
charts.show(charts.naive_and_corrected, table.where(district="all"), words)

# %% balance
charts.show(charts.balance, disclosure.protected(weights.balance, "balance", run), words)

# %% overlap
checks = effects.intervention_checks(people, trials, propensity=weights.propensity)
charts.show(charts.overlap, disclosure.protected(checks.overlap, "overlap", run), words)

# %% charts_of
# Every chart that is declared of a table.
of_balance = charts.charts_of(disclosure.protected(weights.balance, "balance", run), words)
[rows.name for _, rows in of_balance]

# %% funnel
table = disclosure.protected(effects.case_mix_funnel(trials), "funnel", run)
charts.show(charts.funnel, table, words)

# %% access_funnel
alike = spells.spells_by_characteristic(
    built["support_spells"],
    tables["person"],
    tables["household_member"],
    age_bands=[18],
    characteristics=CASE_MIX,
)
given = (alike, built["episodes"], tables["intervention"])
access = monitoring.access_tables(*given, rules=run.params.monitoring, seed=1)
table = disclosure.protected(access["access_funnel"], "access_funnel", run)
charts.show(charts.access_funnel, table, words)

# %% value_by_actor
# The book's prices are illustrative.
book = economics.load_price_book(shipped("params", "unit_costs", "northern_ireland.yaml"))
draws = effects.primary_draws([found.draws], [protocol])
given = {"seed": 1, "programmes": found.programmes, "horizon_months": 24}
actors = economics.with_people(
    economics.value_by_actor(economics.value_effects(draws, book, **given)), found.status
)
table = disclosure.protected(actors, "value_by_actor", run)
charts.show(charts.value_by_actor, table.where(district="all"), words)

# %% value_curve
results = economics.value_results(draws, book, n_draws=20, **given)
shown = disclosure.protected_all(results.for_publication(found.status), run)
charts.show(charts.value_curve, shown["value_curve"].where(district="all"), words)

# %% value_tornado
prices = disclosure.protected(economics.price_table(book), "prices", run)
moving = shown["value_tornado"].where(district="all", perspective="society")
charts.show(charts.value_tornado, moving, words, prices=prices)

# %% value_acceptability
charts.show(charts.value_acceptability, shown["value_acceptability"].where(district="all"), words)

# %% value_summary
charts.show(charts.value_summary, shown["value_parts"].where(district="all"), words)
