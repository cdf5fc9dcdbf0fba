"""Examples of the room report."""

# %% setup
import polars as pl

from evalkit import disclosure, intake, report, spells, survival
from evalkit.batch.vintage import prepare_run, write_run
from evalkit.shipped import shipped
from evalkit.words import words_of_run

run = prepare_run(shipped("params", "northern_ireland.yaml"), out="runs")
write_run(run)
words = words_of_run(run, "en")
built = spells.build_spells(intake.admit_run(run).tables, run.params)
of_belfast = built["support_spells"].filter(district="Belfast")

# %% in_words
# The sentences that a district's page draws from a table.
curves = survival.exit_curves(of_belfast, horizon_months=24)
table = disclosure.protected(curves, "exit_curves", run, district="Belfast")
str(report.in_words(run, "Belfast", words, table))

# %% page
# Texts and tables of one's own, each through gate 2: group b rests on three persons.
import polars as pl

means = pl.DataFrame(
    {
        "group": ["a", "b", "c"],
        "n_persons": [40, 3, 52],
        "estimate": [6.1, 9.4, 5.2],
        "ci_lower": [5.0, 7.0, 4.4],
        "ci_upper": [7.2, 11.8, 6.0],
    }
)
report.page(
    ["# Months on support", "Means of made-up groups.", ("Mean months", means), table],
    out="own.html",
    title="What I found",
    words=words,
).name

# %% write_stand_in
# What stands in for a page that could not be made.
report.write_stand_in(run, "site/en/belfast.html").name

# %% districts_without_report
report.districts_without_report(run)

# %% page
# A small page of results of one's own: each table passes disclosure control in the call.
own = survival.kaplan_meier(
    of_belfast.with_columns(ended=pl.col("exit").is_not_null()), time="months", event="ended"
)
report.page(
    ["# Belfast", "How long people stay.", ("Still without a job", own)], out="own.html"
).name
