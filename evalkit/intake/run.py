"""Admission of the extract that a run file names."""

from evalkit.intake.admit import Admission, admit
from evalkit.params import Run


def admit_run(run: Run) -> Admission:
    """Let the extract of a run in; as `admit`, with the run file's folder, contracts, mapping, districts, months and limits."""
    extract = run.params.extract
    return admit(
        run.path(extract.folder),
        run.path(run.params.contracts),
        districts=run.params.districts,
        first_month=extract.first_month,
        data_through=extract.data_through,
        mapping=run.path(extract.mapping) if extract.mapping else None,
        max_rejected_share=extract.max_rejected_share,
    )
