"""Examples of the room effects, on made-up people, and on the young people of
Northern Ireland whose data come with evalkit."""

# %% setup
# Made-up people, month by month: a course keeps those who take it out of work for four months and
# helps them afterwards. Who is older takes it more often, and finds work later without it.
import numpy as np
import polars as pl

from evalkit import effects

rng = np.random.default_rng(1)
n_people = 400
is_older = rng.random(n_people) < 0.5
start = np.where(rng.random(n_people) < 0.3 + 0.3 * is_older, rng.integers(4, 16, n_people), 99)
without = rng.exponential(np.where(is_older, 24, 14)).astype(int) + 1
to_work = np.where(without <= start, without, np.maximum(start + 4, (0.7 * without).astype(int)))
who, month = (axis.ravel() for axis in np.indices((n_people, 36)))
person_months = pl.DataFrame(
    {
        "person_id": who,
        "month": month,
        "state": np.where(month >= to_work[who], "work", "support"),
        "in_course": (month >= start[who]) & (month < start[who] + 4) & (month < to_work[who]),
        "is_older": is_older[who],
    }
)
person_months.head(3)

# %% Protocol
# Who could start and when, how long people are followed, and compared with what.
course = effects.Protocol(
    "course", from_month=5, to_month=15, follow_up_months=18, planned_months=4, comparisons=["wait"]
)
course

# %% emulate_trials, Trials
of_course = effects.emulate_trials(
    person_months,
    id="person_id",
    month="month",
    state="state",
    intervention="in_course",
    covariates=["is_older"],
    protocol=course,
)
print(of_course.design.shape, of_course.terms, of_course.states)

# %% estimate, EffectEstimate
found = effects.estimate(of_course, n_draws=50, seed=1)
found

# %% plot
effects.plot(found.curves.filter(state="work"), planned_months=4)

# %% setup
# For what a run does: the real data that come with evalkit, admitted and made into spells, and the
# target trial that their run declares. A notebook of a finished run reads the same tables with
# `tables.read_tables`.
# What is shown here is public; in a run it passes disclosure control before anybody sees it.
from evalkit import intake, spells
from evalkit.errors import ProtocolError
from evalkit.batch.vintage import prepare_run
from evalkit.line.delivered import as_delivered
from evalkit.line.tables import published
from evalkit.shipped import shipped

run = prepare_run(shipped("params", "northern_ireland.yaml"), out="runs")
admission = intake.admit_run(run)
draws = {"n_draws": 20, "seed": 1}
list(admission.tables)

# %% load_protocols
protocols = effects.load_protocols(run)
[protocol.protocol for protocol in protocols]

# %% protocol_of
protocol = effects.protocol_of(run, "government_training")
protocol.comparisons, protocol.follow_up_months, protocol.primary_outcome

# %% load_protocol
# From its file, without a run.
effects.load_protocol(shipped("params", "protocols", "training.yaml"), n_months=72).question["en"]

# %% protocol_hash
effects.protocol_hash(protocol)

# %% interventions_of
effects.interventions_of(protocols)

# %% term_names
effects.term_names(protocol)

# %% trial_months
effects.trial_months(protocols, run.params.extract.first_month)

# %% without_livelihood
# Here it is known what people live on after support, so no intervention is named.
effects.without_livelihood(protocols)

# %% tables_asked_for
# No covariate of this protocol is the latest row of another delivered table.
effects.tables_asked_for(protocols)

# %% refuse_unknown_interventions
effects.refuse_unknown_interventions(protocols, admission.tables["intervention"])
try:
    effects.refuse_unknown_interventions(
        protocols, pl.DataFrame({"intervention_id": ["government_trainings"]})
    )
except ProtocolError as refusal:
    print(refusal)

# %% refuse_unusable_columns, DeliveredColumn
declared = {"person": {"sex": effects.DeliveredColumn("string", ("female", "male"))}}
try:
    effects.refuse_unusable_columns(protocols, declared)
except ProtocolError as refusal:
    print(refusal)

# %% refuse_unfollowed_states
try:
    effects.refuse_unfollowed_states(["work", "support", "pension"], protocol)
except ProtocolError as refusal:
    print(refusal)

# %% refuse_unknown_hours
# Nothing is refused: the protocol asks for no dose in hours.
built = spells.build_spells(admission.tables, run.params, protocols=protocols)
effects.refuse_unknown_hours(built["episodes"], protocol)

# %% refuse_unmet_steps
# Nor is it: the protocol declares no next step.
effects.refuse_unmet_steps(built["episodes"], protocol)

# %% PersonTables
# The people whose trials are emulated; trials and districts are made once and kept.
people = effects.PersonTables(
    **{name: built[name] for name in ("support_spells", "episodes", "state_intervals")},
    person=admission.tables["person"],
    first_month=run.params.extract.first_month,
)
people.of_district("Belfast").person.height

# %% trials_of_tables
# `PersonTables.trials` calls it with its own tables.
trials = people.trials(protocol)
trials.rows.group_by("arm", maintain_order=True).len("n_person_trials")

# %% fit_propensity
# The coefficients of starting: draw 0 is the estimate, the others its bootstrap replicates.
effects.fit_propensity(trials, **draws).filter(draw=0)

# %% fit_models
# Both models: of starting, and of starting later where never starting is compared with.
propensity = effects.fit_models(trials, **draws)
propensity.group_by("model", maintain_order=True).len("n_coefficients")

# %% weighting_of
weighting = effects.weighting_of(trials, propensity, "wait")
type(weighting).__name__

# %% two_readings, TwoReadings
# The other reading takes it that what set people apart before their present time out of work lasts.
# Here few of those who start had worked in the year before it: the past shows nothing.
effects.two_readings(trials)

# %% second_reading, SecondReadings
# The same by draw and for each district: what the second reading adds to the months gained.
effects.second_reading(trials, **draws).second_past

# %% balance_table
effects.balance_table(weighting)

# %% overlap_table
effects.overlap_table(weighting)

# %% effective_sample_size
# One weight of three beside two of one.
effects.effective_sample_size(np.array([3.0, 1.0, 1.0]))

# %% propensity_weights
# The same weighting for any table: who is treated, and the covariates.
table = pl.DataFrame({"trained": [1, 1, 0, 0, 0, 0], "age": [22, 25, 23, 25, 40, 41]})
effects.propensity_weights(table, treatment="trained", covariates=["age"], estimand="overlap")

# %% logit, LogitModel
# How the odds of an outcome depend on who people are, by a formula: here a bend in age.
ages, schools = rng.uniform(20, 60, 300), rng.choice(["long", "short"], 300)
schooled = pl.DataFrame({"age": ages, "school": schools})
is_long = (schooled["school"] == "long").to_numpy()
works = schooled.with_columns(works=rng.random(300) < 0.3 + 0.4 * is_long)
effects.logit(works, outcome="works", covariates="bs(age, df=3) + C(school)")

# %% contrast
# Those who started against the weighted comparison: here the share in work in the last month.
in_work = trials.outcomes[:, -1] == trials.states.index("work")
difference = effects.contrast(trials, in_work.astype(float))
difference.difference.round(3), difference.std_error.round(3)

# %% estimate_effect
parts = effects.estimate_effect(trials, district="all", propensity=propensity, **draws)
parts.status

# %% effect_draws
shares = effects.effect_draws(parts.sums)
shares.filter(draw=0, month=24, state="work")

# %% effect_curves
effects.effect_curves(shares).filter(month=24)

# %% effect_summary
# Months in each state up to the horizon, with lock-in counted.
summary = effects.effect_summary(shares, protocol)
summary.select("estimand", "outcome", "difference", "ci_lower", "ci_upper")

# %% effect_timing
effects.effect_timing(shares, effects.effect_draws(parts.events), protocol)

# %% effect_readings
# The same effect as naive comparisons would tell it.
effects.effect_readings(shares, protocol)

# %% doubly_robust_months
effects.doubly_robust_months(weighting, seed=1)

# %% placebo_tests
# Differences that no effect can cause.
placebo = effects.placebo_tests(weighting)
placebo

# %% third_opinion
# The same months with boosted trees in place of the formulas: here they agree.
effects.third_opinion(trials, propensity, seed=1)

# %% strength
# What leaving out each measured group moves (made up), and how many times as strong something
# unmeasured would have to be.
moved = pl.DataFrame(
    {
        "district": "all",
        "intervention_id": "government_training",
        "covariate": ["past_work_share", "grammar"],
        "moved": [0.8, 0.05],
        "moved_lower": [0.5, -0.1],
        "moved_upper": [1.1, 0.2],
        "n_starters": 120,
        "one_person": 0.2,
    }
)
span = effects.two_readings(trials).table.with_columns(
    district=pl.lit("all"), n_starters=120, person_change=0.1, range_change=0.1
)
effects.strength(moved, span)

# %% effect_checks
effects.effect_checks(weighting, placebo).select("check", "value", "verdict")

# %% case_mix_funnel
effects.case_mix_funnel(trials)

# %% group_tables
# This protocol declares no groups: the table has the row of all.
groups = effects.group_tables(trials, people.person, propensity=propensity, **draws)
groups.group_effects

# %% targeting_tables
effects.targeting_tables(trials, propensity, seed=1).targeting_value

# %% standardised_draws
same_people = effects.standardised_draws(trials, propensity, **draws)
same_people.filter(draw=0)

# %% intervention_weights
# What the notebooks of a run call: one function for each station, with the tables it hands on.
weights = effects.intervention_weights(people, protocol, **draws)
sorted(weights.tables)

# %% protocols_in
[one.protocol for one in effects.protocols_in(weights.weights_status, protocols)]

# %% intervention_checks
checks = effects.intervention_checks(people, trials, propensity=weights.propensity)
checks.trial_flow

# %% district_checks
effects.district_checks(people, protocols, propensity=propensity, district="Belfast").select(
    "district", "check", "value", "verdict"
)

# %% district_effects
parts_of = {
    name: effects.district_effects(people, protocols, propensity=propensity, district=name, **draws)
    for name in run.params.districts
}
parts_of["Belfast"].status

# %% intervention_effects
of_city = effects.intervention_effects(
    pl.concat(part.sums for part in parts_of.values()),
    protocol,
    district_status=pl.concat(part.status for part in parts_of.values()),
    weights_status=weights.weights_status,
    effect_people=weights.effect_people,
    event_sums=pl.concat(part.events for part in parts_of.values()),
    programme_sums=pl.concat(part.programmes for part in parts_of.values()),
    seed=1,
)
of_city.status

# %% summaries
told = effects.summaries(of_city, protocol)
told.effect_summary.filter(district="all", outcome="months_work").select(
    "estimand", "difference", "ci_lower", "ci_upper"
)

# %% timings
effects.timings(of_city, protocol).filter(district="all")

# %% readings
effects.readings(of_city, protocol).filter(district="all")

# %% ranks
# Empty here: fewer than three districts have an effect of their own.
ranks = effects.ranks(of_city, protocol, standardised=same_people, seed=1)
ranks

# %% primary_draws
# Money is put on each protocol's primary comparison only.
effects.primary_draws([of_city.draws], protocols).select("estimand").unique()

# %% primary_rows, status_of_run
status = effects.status_of_run(of_city.status, protocols, run.params.districts)
effects.primary_rows(status, protocols)

# %% status_for_publication
# That nobody started reads as that few did: it would tell one or two from none.
effects.status_for_publication(status, n_draws=20)

# %% with_starters
effects.with_starters(told.effect_summary.drop("n_starters"), status).head(3)

# %% shrink
# Made-up effects of five districts on one outcome, drawn towards that of the city.
made = pl.concat(
    shares.filter(estimand="start_now_rather_than_wait", month=24).with_columns(
        district=pl.lit(name),
        probability=pl.col("probability")
        + pl.when(arm="treated", state="work")
        .then(shift)
        .when(arm="treated", state="support")
        .then(-shift)
        .otherwise(0),
    )
    for name, shift in {"all": 0.0, "A": 0.06, "B": -0.05, "C": 0.02, "D": -0.01}.items()
)
effects.shrink(made, primary_outcome="work", seed=1).filter(
    draw=0, arm="treated", state="work"
).select("district", "source", "probability")

# %% ways_of_working
# Which way of working goes with larger effects, from the districts' own.
of_districts = pl.DataFrame(
    {"district": list("ABCD"), "raw": [2.0, 2.1, 0.2, 0.0], "n_starters": 30, "one_person": 0.3}
).with_columns(
    intervention_id=pl.lit("course"),
    estimand=pl.lit("start_now_rather_than_wait"),
    raw_lower=pl.col("raw") - 0.3,
    raw_upper=pl.col("raw") + 0.3,
    standardised=pl.lit(None, dtype=pl.Float64),
    standardised_to=pl.lit("own_starters"),
)
effects.ways_of_working(
    of_districts, {"A": "own", "B": "own", "C": "bought", "D": "bought"}, seed=1
)

# %% rollout_panel
# Who left support for work, and who came onto it, by district and half-year.
extract = run.params.extract
panel = effects.rollout_panel(
    people.support_spells,
    people.state_intervals,
    first_month=extract.first_month,
    n_months=extract.n_months,
)
panel.head(3)

# %% lottery_design, TrialDesign
# What a waiting-list lottery of the course would find, tried on the same people.
of_lottery = effects.lottery_design(
    of_course, n_places=5, n_months=6, n_replications=100, seed=1, asked_months=[1, 2, 3]
)
of_lottery.design_power.select("asked_months", "power")

# %% draw_lots
# Who of six people gets one of two places; the same list and seed draw the same people.
effects.draw_lots(pl.DataFrame({"person_id": list("abcdef")}), n_places=2, seed=1)

# %% rollout_effect, Adoption
# Made up: twelve districts of which three adopt a way of working that raises exits by a third.
places, periods = np.indices((12, 20))
adopted = np.array([8, 8, 12] + [99] * 9)
made_panel = pl.DataFrame(
    {
        "district": [f"d{place}" for place in places.ravel()],
        "period": periods.ravel().astype(np.int32),
        "months_on_support": 4000.0,
        "n_exits_to_work": rng.poisson(160 * np.where(periods >= adopted[places], 4 / 3, 1))
        .ravel()
        .astype(float),
        "months_off_support": 4000.0,
        "n_entries": 100.0,
    }
)
adoption = effects.Adoption({"d0": 8, "d1": 8, "d2": 12}, {})
effects.rollout_effect(made_panel, adoption, outcome="exit", n_permutations=99, seed=1).summary

# %% steps_design
# The same districts, if all of them took up the course at different times.
of_steps = effects.steps_design(
    of_course, made_panel, n_places=5, n_months=24, n_replications=100, seed=1
)
of_steps.design_schedule.sort("from_month", "district").head(3)

# %% known_of_tables
# What a run has published of an intervention, for the cost and today's estimate beside a trial's:
# here nothing yet.
effects.known_of_tables(
    published("offers").empty(), published("effect_span").empty(), of_course.protocol
)

# %% roll_outs
# Nothing was rolled out in this extract, so the table of effects is empty.
effects.roll_outs(
    as_delivered(admission.tables, "action"),
    support_spells=people.support_spells,
    state_intervals=people.state_intervals,
    extract=extract,
    seed=1,
).rollout_effects.height

# %% beside_truth
# Beside what a simulated city knows to be true (`simulate.simulate_truth`); this truth is made up.
truth = summary.filter(estimand="start_now_rather_than_wait", outcome="months_work").select(
    "intervention_id",
    district=pl.lit("all"),
    district_basis=pl.lit("registered"),
    population=pl.lit("starters"),
    comparison="estimand",
    horizon_months=pl.lit(24),
    outcome="outcome",
    difference=pl.lit(2.0),
    mc_std_error=pl.lit(0.1),
)
effects.beside_truth(summary, truth, protocol)
