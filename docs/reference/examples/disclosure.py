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

# %% protect_counts
# Every number of people to the nearest five, the total too; 0 stands for 0, 1 or 2. A share is made
# of the numbers that are shown, from a whole of 30.
counts = pl.DataFrame(
    {
        "district": ["North", "South", "West", "all"],
        "n_spells": [46, 2, 12, 60],
        "n_ended": [112, 21, 34, 167],
    }
)
shown = disclosure.protect_counts(
    counts,
    name="to_work",
    keys=["district"],
    counts=["n_spells", "share"],
    n_persons=None,
    shares={"share": ("n_spells", "n_ended")},
    **about,
)
shown.data

# %% Published
# Such a table says what it is, where it comes from and which rules it has passed.
shown

# %% protect_estimates
# Of enough people, and no finer than what one of them can change.
months = {"estimate": [1.4184, -0.2], "ci_lower": [0.3, -3.0], "ci_upper": [2.5, 2.6]}
disclosure.protect_estimates(
    pl.DataFrame({"district": ["North", "South"], **months, "n_persons": [46, 3]}),
    name="months_gained",
    keys=["district"],
    values=list(months),
    n_persons="n_persons",
    **about,
).data

# %% protect_curve
# At quoted months, in steps of five people.
curve = survival.kaplan_meier(
    built["support_spells"].with_columns(ended=pl.col("exit").is_not_null()),
    time="months",
    event="ended",
)
disclosure.protect_curve(
    curve.with_columns(n_persons=pl.col("n_at_risk").max()),
    name="still_there",
    by=[],
    time="time",
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

# %% RULES
# What a record says of the rules that a table has passed; pages have a sentence for each.
disclosure.RULES

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
