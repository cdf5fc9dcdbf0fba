"""What would stop a run late is refused before it begins."""

from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import ParameterError

if TYPE_CHECKING:
    from evalkit.params import Run


def refuse_faulty_files(prepared: "Run") -> None:
    """Read the protocols and the price book that a run names, so that a faulty one is refused
    before anything runs; what was in order before and has not changed is not read again.

    What would otherwise fail late is looked at as well: texts missing in a language of the run,
    columns that a protocol asks for, values that the report has no word for, a horizon that does
    not cover a follow-up, outcomes in which nobody is said to pay, and target groups that no
    protocol declares.
    """
    from evalkit.batch.remembered import remembered_in

    remembered, basis = remembered_in(prepared.run_dir.parent), _basis(prepared)
    if remembered.fact("in order") != basis:
        _refuse_faulty_files(prepared)
        remembered.keep_fact("in order", basis)


def _basis(prepared: "Run") -> str:
    """What it rests on that a run's files are in order: those files, evalkit and its contracts."""
    from evalkit.batch.remembered import remembered_in
    from evalkit.batch.vintage import hash_of_mapping
    from evalkit.shipped import shipped

    remembered = remembered_in(prepared.run_dir.parent)
    read = sorted(shipped("data_contracts").glob("*.odcs.yaml"))
    if isinstance(prepared.extract_place, Path):
        read.append(prepared.extract_place / "README.md")
    hashes = {str(number): remembered.meaning(path) for number, path in enumerate(read)}
    versions = {name: of for name, of in prepared.versions.items() if name != "git_commit"}
    return hash_of_mapping({**hashes, **versions, "run": prepared.run_id})


def _refuse_faulty_files(prepared: "Run") -> None:
    from evalkit.allocation import refuse_undeclared
    from evalkit.economics import (
        load_price_book,
        refuse_horizon,
        refuse_unknown_districts,
        refuse_unknown_states,
    )
    from evalkit.effects import DeliveredColumn, load_protocols, refuse_unusable_columns, term_names
    from evalkit.intake import contracts_of_run
    from evalkit.line.accounts import accounts_of
    from evalkit.line.calendar import breaks_of, compared_breaks
    from evalkit.line.offer_codes import offer_codes
    from evalkit.records import Record
    from evalkit.words import refuse_missing_texts, refuse_missing_words

    _refuse_unsaid_simulation(prepared)
    protocols = load_protocols(prepared)
    value, run_file = prepared.params.value, prepared.run_file
    book = load_price_book(prepared.path(value.price_book)) if value.price_book else None
    compared_breaks(prepared)
    codes = offer_codes(prepared)
    records: dict[str, Record] = {
        **{f"protocol {protocol.protocol}": protocol for protocol in protocols},
        **{f"calendar {one.key}": one for one in breaks_of(prepared)},
        **({"accounts": accounts_of(prepared)} if prepared.params.monitoring.accounts else {}),
        **({"price book": book} if book else {}),
        **({"codes of the offer": codes} if prepared.params.monitoring.offer else {}),
    }
    refuse_missing_texts(prepared, records)
    if book:
        refuse_unknown_districts(book, prepared.params.districts)
    if not protocols:
        return
    if book:
        for protocol in protocols:
            where = f"{run_file}, value.horizon_months; protocol {protocol.protocol}"
            refuse_horizon(value.horizon_months, protocol.follow_up_months, book, where=where)
            refuse_unknown_states(protocol.outcomes, book)
    refuse_undeclared(
        prepared.params.allocation.target_groups,
        {group.name for protocol in protocols for group in protocol.subgroups},
    )
    contracts = contracts_of_run(prepared).items()
    columns = {
        table: {
            column.name: DeliveredColumn(column.kind, column.allowed) for column in contract.columns
        }
        for table, contract in contracts
    }
    refuse_unusable_columns(protocols, columns)
    needed: dict[str, str] = {}
    for protocol in protocols:
        source = f"protocol {protocol.protocol}"
        needed |= dict.fromkeys(term_names(protocol), f"{source}, covariates")
        groups = [one.group for one in protocol.covariates if one.group]
        needed |= dict.fromkeys(groups, f"{source}, covariates, group")
        needed |= dict.fromkeys(
            [name for outcome in protocol.outcomes for name in (outcome, f"months_{outcome}")],
            f"{source}, outcomes",
        )
        needed |= (
            {protocol.other_intervention_id: f"{source}, other_intervention_id"}
            if protocol.other_intervention_id
            else {}
        )
    needed |= dict.fromkeys(
        prepared.params.effects.district_models.values(), "effects.district_models"
    )
    refuse_missing_words(prepared, needed)


def _refuse_unsaid_simulation(prepared: "Run") -> None:
    from evalkit.simulate import is_simulated

    folder = prepared.extract_place
    if (
        isinstance(folder, Path)
        and not prepared.params.extract.is_simulated
        and is_simulated(folder)
    ):
        raise ParameterError(
            "The extract is a simulated city, and the run file does not say so.",
            where=f"{prepared.run_file}, extract.is_simulated; {folder}/README.md",
            why="Its numbers would bear the grade of what was read at an authority, and readers "
            "would take them for real.",
            fix="set extract.is_simulated: true in the run file.",
        )
