"""Examples of the room intake, on the extract of Northern Ireland and on a folder with faults."""

# %% setup
from datetime import date
from pathlib import Path


import polars as pl

from evalkit import intake
from evalkit.batch.vintage import prepare_run
from evalkit.line.delivered import as_delivered
from evalkit.shipped import shipped

run = prepare_run(shipped("params", "northern_ireland.yaml"), out="runs")

# %% load_contracts, Contract
contracts = intake.load_contracts(shipped("data_contracts"))
[column.name for column in contracts["income_support"].columns]

# %% contracts_of_run
# With the covariates that the run's mapping file declares.
[column.name for column in intake.contracts_of_run(run)["person"].columns][-4:]

# %% load_layouts
[layout.layout for layout in intake.load_layouts()]

# %% admit_run, Admission
# The whole way in: found, searched for personal numbers, checked, admitted.
admission = intake.admit_run(run)
{name: table.height for name, table in admission.tables.items()}

# %% admit
# A folder of one's own: a row with a month that does not exist is set aside, with its line.
folder = Path("delivered")
folder.mkdir()
(folder / "person.csv").write_text("person_id,district\np1,North\np2,North\np3,South\n")
(folder / "household_member.csv").write_text(
    "household_id,person_id,month,role\nh1,p1,2026-01-01,lead\nh2,p2,2026-13-01,lead\n"
)
(folder / "income_support.csv").write_text("household_id,month,district\nh1,2026-01-01,North\n")
admitted = intake.admit(
    folder,
    shipped("data_contracts"),
    districts=["North", "South"],
    first_month=date(2026, 1, 1),
    data_through=date(2026, 6, 1),
    max_rejected_share=1.0,
)
admitted.rejected

# %% admit_bare
# The same without a run's months and districts, as `evalkit check --extract` does.
sorted(intake.admit_bare(folder, shipped("data_contracts"), max_rejected_share=1.0).tables)

# %% deliveries
intake.deliveries(admission).head(4)

# %% intake_counts
intake.intake_counts(admission).head(4)

# %% reason_codes
# Here nobody delivered reasons for leaving.
intake.reason_codes(admission.tables, run).height

# %% with_measures
# Participation with what the official record says of measures, where it was delivered.
extended = intake.with_measures(
    admission.tables["household_member"], admission.tables["participation"]
)
extended.height

# %% write_documentation
len(intake.write_documentation(contracts, Path("contracts")))

# %% write_templates
# Workbooks with drop-downs, and a data dictionary.
sorted(path.name for path in intake.write_templates(contracts, Path("templates"), language="en"))

# %% write_monthly_record
# Admitted tables as the official monthly record, in lines of fixed width.
one_month = {
    "person": pl.DataFrame({"person_id": ["P-1"], "district": ["North"], "birth_year": [1990]}),
    "household_member": pl.DataFrame(
        {
            "household_id": ["H-1"],
            "person_id": ["P-1"],
            "month": [date(2026, 1, 1)],
            "role": ["lead"],
        }
    ),
    "income_support": pl.DataFrame(
        {
            "household_id": ["H-1"],
            "month": [date(2026, 1, 1)],
            "district": ["North"],
            "amount": [9000.0],
            "currency": ["SEK"],
        }
    ),
}
one_month = {
    name: pl.concat([as_delivered({}, name), rows], how="diagonal_relaxed")
    for name, rows in one_month.items()
}
intake.write_monthly_record(
    one_month,
    Path("monthly_record_2026.txt"),
    months=[date(2026, 1, 1)],
    municipality="0180",
    layouts=intake.load_layouts(),
)
