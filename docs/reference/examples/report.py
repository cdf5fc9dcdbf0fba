"""Examples of the room report."""

# %% setup
from pathlib import Path

import polars as pl

from evalkit import disclosure, effects, intake, report, spells, survival
from evalkit.batch.vintage import prepare_run, write_run
from evalkit.shipped import shipped
from evalkit.words import words_of_run

run = prepare_run(shipped("params", "northern_ireland.yaml"), out="runs")
write_run(run)
words = words_of_run(run, "en")
admitted = intake.admit_run(run).tables
built = spells.build_spells(admitted, run.params)
people = effects.PersonTables(
    *(built[name] for name in ("support_spells", "episodes", "state_intervals")),
    admitted["person"],
    run.params.extract.first_month,
)
trials = people.trials(effects.protocol_of(run))
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

# %% trial_in_words, write_trial_page
# What a planned trial would show (`effects.lottery_design`), in words and on a page.
tried = effects.lottery_design(trials, n_places=2, n_months=12, n_replications=100, seed=1)
passed = {name: disclosure.protected(one, name, run) for name, one in tried.tables.items()}
told = report.trial_in_words(passed, words, n_places=2, n_replications=100, seed=1)
print(told.sentences[1])
report.write_trial_page(told, words, Path("trial.html")).name

# %% write_programme
# The page about what districts planned; without a table of actions there is none.
report.write_programme(run, {"exit_curves": table})
