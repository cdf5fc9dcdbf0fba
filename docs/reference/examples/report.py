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

# %% write_programme
# The page about what districts planned; without a table of actions there is none.
report.write_programme(run, {"exit_curves": table})
