"""Admission of the extract that a run file names, and of one that none does."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.intake.admission.admit import Admission, admit
from evalkit.intake.contracts.contract import Contract
from evalkit.intake.contracts.mapping import contracts_with_covariates, load_mapping
from evalkit.line.needs import needs_of

if TYPE_CHECKING:
    from evalkit.params import Run

# Months that hold all that a register can.
_LONG_AGO, _FAR_AHEAD = date(1900, 1, 1), date(2100, 12, 1)


def contracts_of_run(run: "Run") -> dict[str, Contract]:
    """The contracts of a run by table, with the covariates that its mapping file declares."""
    mapping = run.params.extract.mapping
    return contracts_with_covariates(
        run.path(run.params.contracts), load_mapping(run.path(mapping) if mapping else None)
    )


def admit_bare(
    extract: Path | str,
    contracts_folder: Path | str,
    *,
    mapping: Path | str | None = None,
    **limits: Any,
) -> Admission:
    """Admit an extract that no run file speaks of: `admit` with any district and any month.

    Parameters
    ----------
    extract, contracts_folder, mapping
        As in `admit`.
    **limits : float and int
        max_rejected_share and max_listed_per_rule, as in `admit`.
    """
    return admit(
        extract,
        contracts_folder,
        districts=(),
        first_month=_LONG_AGO,
        data_through=_FAR_AHEAD,
        mapping=mapping,
        **limits,
    )


def admit_run(
    run: "Run",
    *,
    extract: Path | str | None = None,
    mapping: Path | str | None = None,
    max_rejected_share: float | None = None,
    max_listed_per_rule: int | None = None,
) -> Admission:
    """Admit the extract of a run: `admit` with the extract, contracts, mapping, districts, months
    and limits of the run file, and the tables and columns that its protocols ask for.

    Parameters
    ----------
    run : Run
        The run.
    extract, mapping : path or str, optional
        An extract and a mapping file in place of the run's own.
    max_rejected_share, max_listed_per_rule : float and int, optional
        Limits in place of the run's own.
    """
    # Imported here: a bare extract has no protocols.
    from evalkit.line.protocols import load_protocols

    declared = run.params.extract
    own_mapping = run.path(declared.mapping) if declared.mapping else None
    return admit(
        extract or run.extract_place,
        run.path(run.params.contracts),
        districts=run.params.districts,
        first_month=declared.first_month,
        data_through=declared.data_through,
        mapping=mapping or own_mapping,
        max_rejected_share=declared.max_rejected_share
        if max_rejected_share is None
        else max_rejected_share,
        max_listed_per_rule=max_listed_per_rule or declared.max_listed_per_rule,
        needs=needs_of(load_protocols(run)),
    )
