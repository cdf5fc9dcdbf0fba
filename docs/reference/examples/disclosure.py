"""Examples of the room disclosure, on made-up counts and on those of Northern Ireland."""

# %% setup
# A run's parameters, as a notebook has them; nothing is written outside an empty folder.
import polars as pl

from evalkit import disclosure, intake, spells, survival
from evalkit.batch.vintage import prepare_run, write_run
from evalkit.errors import DisclosureError
from evalkit.shipped import shipped

run = prepare_run(shipped("params", "northern_ireland.yaml"), out="runs")
write_run(run)
tables = intake.admit_run(run).tables
built = spells.build_spells(tables, run.params)
about = {"unit": "persons", "source": "made up", "grade": "L"}

# %% protect_counts, Published
# Three persons are withheld, and so is the next smallest district: else the city's total would give
# the three away.
counts = pl.DataFrame({"district": ["North", "South", "West", "all"], "n_people": [40, 3, 12, 55]})
shown = disclosure.protect_counts(
    counts,
    name="people",
    keys=["district"],
    counts=["n_people"],
    n_persons="n_people",
    total_over=["district"],
    **about,
)
shown.data

# %% protect_estimates
disclosure.protect_estimates(
    pl.DataFrame({"district": ["North", "South"], "estimate": [1.4, -0.2], "n_persons": [40, 3]}),
    name="months_gained",
    keys=["district"],
    values=["estimate"],
    n_persons="n_persons",
    **about,
).data

# %% protect_curve
# Steps of a curve are merged until each rests on five events.
curve = survival.kaplan_meier(
    built["support_spells"].with_columns(ended=pl.col("exit").is_not_null()),
    time="months",
    event="ended",
)
disclosure.protect_curve(curve, name="still_there", by=[], time="time", cause=None, **about).data

# %% protect_group_curves
groups = spells.spells_by_characteristic(
    built["support_spells"], tables["person"], tables["household_member"], age_bands=[18]
)
curves = survival.group_curves(groups, horizon_months=12)
disclosure.protect_group_curves(
    curves,
    name="group_curves",
    by=["district", "characteristic"],
    group="group",
    time="month",
    values=["estimate", "ci_lower", "ci_upper"],
    n_persons="n_persons",
    **about,
).data

# %% protect_own
# A table of one's own: its columns say which rule it needs.
disclosure.protect_own(curve, name="still_there", source="made up").data.head(4)

# %% require_published
# What every chart and page begins with.
try:
    disclosure.require_published(counts, where="my page")
except DisclosureError as refusal:
    print(refusal)

# %% RULE_TEXTS
disclosure.RULE_TEXTS

# %% protected
# A declared table through the rule that guards it.
people = spells.people_counts(tables["person"], built["support_spells"])
disclosure.protected(people, "people", run)

# %% protected_all
list(disclosure.protected_all({"people": people}, run))

# %% release
# The same, and written into the run's published/.
exits = spells.exit_counts(built["support_spells"])
disclosure.release(exits, "exits", run).where(district="all")

# %% release_all
list(disclosure.release_all({"people": people}, run))

# %% publish
# A table that was protected by hand.
disclosure.publish(shown, run.run_dir / "my").name

# %% read_published
# Read back, and held against its seal.
disclosure.read_published(run.run_dir, "exits").n_suppressed

# %% read_unit
sorted(disclosure.read_unit(run))
