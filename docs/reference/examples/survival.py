"""Examples of the room survival, on a table that is made here."""

# %% setup
# Two hundred spells of one hundred and fifty people, as all examples of this page use them.
import numpy as np
import polars as pl

from evalkit import survival

rng = np.random.default_rng(1)
n = 200
trained = rng.integers(0, 2, n)
to_exit = 1 + rng.exponential(np.where(trained == 1, 6, 9)).astype(int)
followed = rng.integers(3, 19, n)
spells = pl.DataFrame(
    {
        "person_id": [f"p{number % 150}" for number in range(n)],
        "district": rng.choice(["north", "south"], n).tolist(),
        "trained": trained,
        "age": rng.integers(20, 60, n),
        "months": np.minimum(to_exit, followed),
        "exit": np.where(to_exit > followed, "", rng.choice(["work", "studies"], n, p=[0.7, 0.3])),
    }
).with_columns(exit=pl.col("exit").replace({"": None}), ended=pl.col("exit") != "")
spells = spells.with_columns(pl.col("ended").fill_null(value=False))
spells.head(4)

# %% kaplan_meier
# Cumulated over the ways to leave: who is still there, with clustered errors because some people
# have two spells.
still_there = survival.kaplan_meier(spells, time="months", event="ended", cluster="person_id")
still_there

# %% plot
survival.plot(
    survival.kaplan_meier(spells, time="months", event="ended", by=["trained"]),
    title="Still on support",
    x_title="Months",
)

# %% aalen_johansen
# Work and studies compete: their shares and the share still there sum to one.
survival.aalen_johansen(spells, time="months", event="exit", by=["district"])

# %% survival_quantiles
survival.survival_quantiles(
    spells, time="months", event="ended", by=["trained"], shares=[0.25, 0.5]
)

# %% restricted_mean
survival.restricted_mean(spells, time="months", event="ended", horizon=12, by=["trained"])

# %% time_lost
survival.time_lost(spells, time="months", event="exit", horizon=12)

# %% simultaneous_bands
# The band holds the whole curve between two months, the limits each month by itself.
survival.simultaneous_bands(
    spells, time="months", event="exit", months=(1, 12), rng=np.random.default_rng(2), n_draws=500
)

# %% parametric_curves, ParametricCurves
# What families of curves say beyond the months that were observed; without `families` all six.
families = survival.parametric_curves(
    spells,
    time="months",
    event="ended",
    by=["trained"],
    horizons=[12, 60],
    families=["weibull", "log_logistic"],
)
families.months

# %% difference_beyond
survival.difference_beyond(
    families.curves, group="trained", reference=0, from_month=12, half_life_months=24
)

# %% tabulate_risk_set, RiskSet
# Every curve is computed from this small table of counts.
risk_set = survival.tabulate_risk_set(spells, time="months", event="exit", cluster="person_id")
print(risk_set.causes, risk_set.times)
print(risk_set.n_exits[0, :4, 0])

# %% add_risk_sets
# Two parts of a register, counted apart and added.
north, south = (
    survival.tabulate_risk_set(
        spells.filter(district=name), time="months", event="exit", causes=["studies", "work"]
    )
    for name in ("north", "south")
)
survival.add_risk_sets(north, south).n_exits.sum(axis=(0, 1, 2))

# %% replicate, curve_statistic
# Bootstrap replicates of a curve, clusters drawn whole: shape (draws, groups, times, states, ways).
curves = survival.replicate(survival.curve_statistic, risk_set, seed=1, n_draws=50)
print(curves.shape)

# %% replicate_weights
survival.replicate_weights(["a", "b", "c"], seed=1, n_draws=2)

# %% curve_difference
survival.curve_difference(
    spells, time="months", event="exit", group="trained", reference=0, cluster="person_id"
)

# %% restricted_mean_difference
survival.restricted_mean_difference(
    spells, time="months", event="ended", horizon=12, group="trained", reference=0
)

# %% log_rank_test, GroupTest
survival.log_rank_test(spells, time="months", event="ended", group="trained", strata=["district"])

# %% gray_test
survival.gray_test(spells, time="months", event="exit", cause="work", group="trained")

# %% cox, HazardFit
# A formula as in R: a product is an interaction, and a column of text becomes its categories.
fit = survival.cox(
    spells,
    time="months",
    event="exit",
    cause="work",
    covariates="trained * age + C(district)",
    cluster="person_id",
)
fit

# %% accelerated_failure_time, AcceleratedFit
# Time ratios: below 1, people with one more unit leave sooner.
survival.accelerated_failure_time(
    spells, time="months", event="ended", covariates="trained + age", family="weibull"
)

# %% fine_gray
survival.fine_gray(spells, time="months", event="exit", cause="work", covariates=["trained", "age"])

# %% proportional_hazards_test
survival.proportional_hazards_test(
    spells, time="months", event="exit", cause="work", covariates=["trained", "age"]
)

# %% discrete_hazard, DiscreteHazardFit
# The monthly chance of leaving, for all ways at once.
monthly = survival.discrete_hazard(
    spells,
    time="months",
    event="exit",
    covariates=["trained", "age"],
    band_starts=[1, 4, 7],
    cluster="person_id",
)
monthly

# %% predicted_curves
survival.predicted_curves(monthly, pl.DataFrame({"trained": [0, 1], "age": [30, 30]})).filter(
    time=6
)

# %% standardised_curves
# What the same people would do with training and without.
survival.standardised_curves(
    monthly,
    spells,
    settings={"all trained": {"trained": 1}, "none trained": {"trained": 0}},
    reference="none trained",
).filter(time=6)

# %% state_occupation
# Lives as intervals: who is in which state after each month.
lives = pl.DataFrame(
    {
        "person_id": ["a", "a", "b", "b", "c"],
        "start": [0, 4, 0, 2, 0],
        "stop": [4, 12, 2, 12, 12],
        "state": ["support", "work", "support", "studies", "support"],
        "next": ["work", None, "studies", None, None],
    }
)
roles = {"id": "person_id", "start": "start", "stop": "stop"}
states = {"from_state": "state", "to_state": "next"}
survival.state_occupation(lives, **roles, **states)

# %% time_in_state
survival.time_in_state(lives, **roles, **states, horizon=12)

# %% exit_curves
# From here on: the tables of a run, as its reports show them. Support spells have a cluster (the
# household), may be seen late (entry) and may have begun before the extract.
support_spells = spells.select(
    "person_id", "district", "months", "exit", cluster_id="person_id"
).with_columns(entry=pl.lit(0), is_start_known=pl.lit(value=True))
survival.exit_curves(support_spells, horizon_months=6)

# %% exit_rates
survival.exit_rates(support_spells, periods=[1, 4, 7], horizon_months=12)

# %% months_on_support
survival.months_on_support(support_spells, horizons=[6, 12])

# %% median_months
survival.median_months(support_spells, by=["district"])

# %% state_shares
# Shares of all people in each state, from intervals of their lives.
intervals = lives.select(
    "person_id",
    district=pl.lit("north"),
    start_month="start",
    stop_month="stop",
    from_state="state",
    to_state="next",
)
survival.state_shares(intervals, support_spells).head(6)

# %% group_curves
grouped = support_spells.with_columns(
    characteristic=pl.lit("trained"), group=spells["trained"].cast(pl.String)
)
survival.group_curves(grouped, horizon_months=6)

# %% group_months
survival.group_months(grouped, horizons=[6])

# %% exit_rows
# The rows of the models: spells of known beginning with what is known of the person.
people = spells.select("person_id", "trained", sex=pl.lit("female")).unique("person_id")
rows = survival.exit_rows(support_spells, people, covariates=["trained"])
rows.head(3)

# %% cox_exit_terms
survival.cox_exit_terms(rows, covariates=["trained"])

# %% hazard_drift
survival.hazard_drift(rows, covariates=["trained"])

# %% exit_hazards
exit_fit = survival.exit_hazards(rows, covariates=["trained"], band_starts=[1, 4, 7])
exit_fit

# %% exit_hazard_terms
survival.exit_hazard_terms(exit_fit, rows)

# %% standardised_exits
survival.standardised_exits(
    exit_fit,
    rows,
    settings={"all trained": {"trained": 1}, "none trained": {"trained": 0}},
    months=[6],
    reference="none trained",
)
