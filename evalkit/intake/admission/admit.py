"""Admission: a delivered extract becomes tables that keep their contracts, a quarantine of rejected
rows, and a receipt.

Rules are asked in stages, and each stage looks only at rows that passed the stages before: cells
and rows, repeated keys, overlapping periods, references to other tables. A row set aside takes the
rows that name it along; they are counted under the reference that then fails. Accepted and rejected
rows add up to the delivered ones in every table.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError
from evalkit.intake.admission.absent_districts import refuse_absent_districts
from evalkit.intake.admission.delivery import (
    Delivery,
    Note,
    describe,
    read_delivery,
    refuse_incomplete,
    unread_columns,
)
from evalkit.intake.admission.gate import refuse_personal_numbers
from evalkit.intake.admission.lone_adults import lone_adults, with_lone_adults
from evalkit.intake.admission.overlapping_ids import refuse_overlapping_ids
from evalkit.intake.admission.receipt import (
    consequences_of,
    cuts_in_words,
    listed,
    receipt_of,
    refuse_excess,
)
from evalkit.intake.checking.cells import TypedCells, joined, type_cells
from evalkit.intake.checking.checked import Checked, Resolved, check_table, find_orphans, resolve
from evalkit.intake.checking.doubts import with_doubts
from evalkit.intake.checking.rules import Extent
from evalkit.intake.checking.shape import added_up, in_shape, newest, with_prefix
from evalkit.intake.checking.table_rules import NO_REJECTIONS
from evalkit.intake.contracts.contract import Contract, Reference
from evalkit.intake.contracts.mapping import (
    MappingFile,
    contracts_with_covariates,
    load_mapping,
)
from evalkit.intake.reading.record_layout import PREFIX
from evalkit.line.delivered import FOLLOWED, delivered
from evalkit.line.needs import HOUSEHOLDS, Need
from evalkit.tables import with_columns_of


@dataclass(frozen=True)
class Admission:
    """What intake made of an extract.

    tables : the columns of evalkit.line.delivered, by table that was delivered (`as_delivered`
    there reads the others); household_member is always there, made of lone adults where nobody
    delivered it. rejected : one row for each rule that a rejected row breaks (table, file, line,
    column, rule, sentence, follows_from), never a value, as many of them as are listed.
    `follows_from` is the table whose rows were set aside, where a row only names one of them;
    causes stand before these, and tables before those that name them.
    flagged : in the same form, rows that are kept and doubtful.
    consequences : how many rows of each table have no fault but that (table, follows_from,
    n_rejected). receipt : all rows counted by table and rule, with rule "all" for the table itself.
    assumptions : how each file was read, what it did not hold, and which lists of rejected rows
    were cut (table, file, assumption). unread : the delivered columns that nothing names (table,
    file, column), which are not read in and must not be seen of anybody else.
    """

    tables: dict[str, pl.DataFrame]
    rejected: pl.DataFrame
    flagged: pl.DataFrame
    consequences: pl.DataFrame
    receipt: pl.DataFrame
    assumptions: pl.DataFrame
    unread: pl.DataFrame


def admit(
    extract_folder: Path | str,
    contracts_folder: Path | str,
    *,
    districts: Sequence[str],
    first_month: date,
    data_through: date | Mapping[str, date],
    mapping: Path | str | None = None,
    max_rejected_share: float = 0.05,
    max_listed_per_rule: int = 10_000,
    needs: Sequence[Need] = (),
) -> Admission:
    """Let an extract in: check every file against its contract, set bad rows aside, and say what
    was done.

    Parameters
    ----------
    extract_folder : path or str
        Folder of the delivered files, TABLE.csv (or .xlsx, .parquet, .sav, .dta, .sas7bdat), or
        several TABLE_anything; or the URI of a database.
    contracts_folder : path
        Folder of the contracts (`*.odcs.yaml`).
    districts : sequence of str
        The districts of the run, spelled as in the files; with none, any district will do.
    first_month : date
        First month of the extract. Month.
    data_through : date or mapping of date
        Last month known: of all tables, or by table. Months.
    mapping : path, optional
        Mapping file: covariates, other column names, other codes, a crosswalk of districts.
    max_rejected_share : float
        Largest share of a table's rows that may be set aside. Share, 0 to 1.
    max_listed_per_rule : int
        Rejected and flagged rows listed for each rule of a table. All of them are set aside or kept
        and counted, however many are listed. Rows, > 0.
    needs : sequence of Need
        The tables and columns that keys of a run file ask for beside the required ones.

    Returns
    -------
    Admission
        Tables, rejected rows, receipt and assumptions.

    Raises
    ------
    IntakeError
        If a personal number stands anywhere (nothing is read in), a file or column is missing or
        unreadable, the last month known is not given for a table with dates, none names a
        district of the run, or more rows break their contract than may be set aside.
    """
    delivery, contracts, mapping_file, answers = read_extract(
        extract_folder, contracts_folder, mapping
    )
    refuse_personal_numbers(delivery, str(Path(contracts_folder).name))
    delivery, of_shape = _in_shape(delivery, contracts, mapping_file)
    refuse_incomplete(delivery, contracts, mapping_file, needs)
    delivered = [contract for table, contract in contracts.items() if table in delivery.tables]
    through = _last_months(delivered, data_through)
    last_month = data_through if isinstance(data_through, date) else max(data_through.values())
    carry = (
        _carrying(Path(mapping).parent / mapping_file.crosswalk, tuple(districts), last_month)
        if mapping and mapping_file.crosswalk
        else None
    )
    extents = [
        Extent(tuple(districts), first_month, through[contract.table]) for contract in delivered
    ]
    may_be_superseded = any(
        file.path.name.startswith(PREFIX) for files in delivery.tables.values() for file in files
    )
    look_at = partial(
        _look_at,
        delivery=delivery,
        mapping=mapping_file,
        carry=carry,
        may_be_superseded=may_be_superseded,
    )
    # A reference waits for its own two tables only, so that no processor waits for the slowest of
    # all.
    with ThreadPoolExecutor(
        len(delivered) + sum(len(contract.references) for contract in delivered)
    ) as pool:
        looked_at = {
            contract.table: pool.submit(look_at, contract, extent)
            for contract, extent in zip(delivered, extents, strict=True)
        }
        links = [
            (contract.table, link)
            for contract in delivered
            for link in contract.references
            if link.to_table in looked_at
        ]
        resolving = {
            (table, link.name): pool.submit(
                _resolve, looked_at[table], link, looked_at[link.to_table]
            )
            for table, link in links
        }
    checked, notes = zip(*[done.result() for done in looked_at.values()], strict=True)
    refuse_absent_districts(checked, districts)
    refuse_overlapping_ids(checked)
    assumptions = describe(
        delivery,
        contracts,
        mapping_file,
        [*answers, *of_shape, *(note for of_table in notes for note in of_table)],
    )
    unread = unread_columns(delivery, contracts, mapping_file)
    checked = _follow_references(
        checked, {link: resolved.result() for link, resolved in resolving.items()}
    )
    del delivery, looked_at, look_at, resolving
    refuse_excess(checked, max_rejected_share)
    by_name = {table.contract.table: table for table in checked}
    checked = [with_doubts(table, by_name) for table in checked]
    del by_name
    receipt = receipt_of(checked, through)
    return Admission(
        rejected=listed(checked, max_listed_per_rule),
        flagged=listed(checked, max_listed_per_rule, flagged=True),
        consequences=consequences_of(checked),
        receipt=receipt,
        tables=_with_households(_accepted_tables(checked)),
        assumptions=pl.concat([assumptions, cuts_in_words(receipt, max_listed_per_rule)]),
        unread=unread,
    )


def intake_counts(admission: Admission) -> pl.DataFrame:
    """The receipt as it is reported: rows delivered, accepted, rejected and flagged, per table;
    those that broke a rule, per rule.

    Returns
    -------
    DataFrame
        table, rule ("all" for the whole table), n_delivered, n_rejected (rows of the files),
        n_flagged (rows that are kept and doubtful), data_through (the table's last month known;
        empty where it holds no dates), n_accepted.
    """
    return admission.receipt.sort("table", pl.col("rule") != "all", "rule")


def read_extract(
    extract_folder: Path | str, contracts_folder: Path | str, mapping: Path | str | None
) -> tuple[Delivery, dict[str, Contract], MappingFile, list[Note]]:
    """The delivery, mended by the letters that came back, its contracts, the mapping, and what the
    letters changed.

    Raises
    ------
    IntakeError
        If a file cannot be read, or a letter does not fit the others.
    """
    mapping_file = load_mapping(mapping)
    keys = {name: one.keys for name, one in delivered().items()}
    # The files are read outside Python, while Python reads what is said of them.
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(
            read_delivery, extract_folder, keys, mapping_file, contracts_folder=contracts_folder
        )
        contracts = contracts_with_covariates(contracts_folder, mapping_file)
    delivery = reading.result().of(contracts)
    contracts = with_lone_adults(contracts, delivery.tables)
    if not delivery.returned:
        return delivery, contracts, mapping_file, []
    # Imported here: few extracts have been mended by letters.
    from evalkit.intake.admission.returned import with_returned

    delivery, changes = with_returned(delivery)
    return delivery, contracts, mapping_file, changes


def _in_shape(
    delivery: Delivery, contracts: Mapping[str, Contract], mapping: MappingFile
) -> tuple[Delivery, list[Note]]:
    """The delivery after its search, each table in the shape of its contract, and what was left
    out.
    """
    tables, notes = {}, []
    for table, files in delivery.tables.items():
        of_table, contract, shaped = mapping.of(table), contracts[table], []
        for file in files:
            prefix = mapping.prefix_of(file.path.stem)
            shaped.append(with_prefix(in_shape(file, of_table), contract, of_table, prefix))
            if prefix:
                notes.append((table, file.path.name, f'ids are read with "{prefix}" before them'))
        tables[table], older = newest(shaped, contract, of_table)
        notes += [(table, "", note) for note in older]
    return replace(delivery, tables=tables), notes


def _carrying(
    crosswalk: Path, districts: tuple[str, ...], last_month: date
) -> Callable[..., tuple[TypedCells, list[str]]]:
    # Imported here: few extracts need a crosswalk, and what reads one takes a fifth of a second to
    # import.
    from evalkit.intake.checking.crosswalk import carry_districts_over, load_crosswalk

    return partial(
        carry_districts_over,
        crosswalk=load_crosswalk(crosswalk),
        districts=districts,
        data_through=last_month,
    )


def _last_months(
    delivered: Sequence[Contract], data_through: date | Mapping[str, date]
) -> dict[str, date | None]:
    """The last month known of each delivered table; None for tables without dates."""
    dated = [
        contract.table
        for contract in delivered
        if any(column.kind == "date" for column in contract.columns)
    ]
    if isinstance(data_through, date):
        return {
            contract.table: data_through if contract.table in dated else None
            for contract in delivered
        }
    without = [table for table in FOLLOWED if table in data_through and table not in dated]
    if without:
        raise IntakeError(
            f"The last month known is given for {len(without)} table"
            f"{'s that were' if len(without) > 1 else ' that was'} not delivered.",
            where=f"run file, extract.data_through: {', '.join(without)}",
            why="Follow-up would end with the last month of something that is not there. Nothing "
            "was read in.",
            fix="take them out of data_through, or deliver them.",
        )
    missing = [table for table in dated if table not in data_through]
    if missing:
        raise IntakeError(
            f"The last month known is not given for {len(missing)} delivered "
            f"table{'s' if len(missing) > 1 else ''}.",
            where=f"run file, extract.data_through: {', '.join(missing)}",
            why="Without it a month that is not yet delivered cannot be told from one in which "
            "nothing happened. Nothing was read in.",
            fix="add a month for each of them (table: YYYY-MM), or give one month for all tables.",
        )
    return {contract.table: data_through.get(contract.table) for contract in delivered}


def _type_table(
    contract: Contract,
    *,
    delivery: Delivery,
    mapping: MappingFile,
    carry: Callable[..., tuple[TypedCells, list[str]]] | None,
) -> tuple[TypedCells, list[Note]]:
    files = delivery.tables[contract.table]
    typed_files = [type_cells(file, contract.columns, mapping.of(contract.table)) for file in files]
    notes: list[Note] = [
        (contract.table, file.path.name, note)
        for file, typed in zip(files, typed_files, strict=True)
        for note in typed.notes
    ]
    typed, carried = carry(joined(typed_files), contract) if carry else (joined(typed_files), [])
    typed, sums = added_up(typed, contract, mapping.of(contract.table).added_up)
    return typed, notes + [(contract.table, "", note) for note in (*carried, *sums)]


def _look_at(
    contract: Contract,
    extent: Extent,
    *,
    delivery: Delivery,
    mapping: MappingFile,
    carry: Callable[..., tuple[TypedCells, list[str]]] | None,
    may_be_superseded: bool,
) -> tuple[Checked, list[Note]]:
    typed, notes = _type_table(contract, delivery=delivery, mapping=mapping, carry=carry)
    return check_table(contract, typed, extent, may_be_superseded=may_be_superseded), notes


def _resolve(looked_at: Future, link: Reference, target_looked_at: Future) -> Resolved:
    (checked, _), (target, _) = looked_at.result(), target_looked_at.result()
    return resolve(checked, link, target)


def _follow_references(
    checked: Sequence[Checked], resolved: Mapping[tuple[str, str], Resolved]
) -> list[Checked]:
    """The tables without rows whose target is missing or was set aside; each stands after those
    that it names.
    """
    waiting = {table.contract.table: table for table in checked}
    done: dict[str, Checked] = {}
    while waiting:
        ready = [
            name
            for name, table in waiting.items()
            if not any(link.to_table in waiting for link in table.contract.references)
        ]
        if not ready:
            raise IntakeError(
                "The foreign keys of the contracts run in a circle.",
                where=", ".join(sorted(waiting)),
                why="No table can be checked first.",
                fix="remove one of the foreign keys among these tables.",
            )
        for name in ready:
            table = waiting.pop(name)
            orphans = [
                find_orphans(table, resolved[name, link.name], done[link.to_table])
                for link in table.contract.references
                if link.to_table in done
            ]
            done[name] = table.without(pl.concat([NO_REJECTIONS, *orphans]))
    return list(done.values())


def _accepted_tables(checked: list[Checked]) -> dict[str, pl.DataFrame]:
    # Taken from the list one by one, so that a table's delivered rows are let go before the next
    # table's accepted rows are made.
    tables = {}
    while checked:
        table = checked.pop(0)
        name = table.contract.table
        tables[name] = with_columns_of(table.accepted(), name)
    return tables


def _with_households(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables with the members of households, who are lone adults where none were delivered."""
    if HOUSEHOLDS in tables:
        return tables
    return tables | {HOUSEHOLDS: lone_adults(tables["income_support"])}
