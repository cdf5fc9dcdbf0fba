"""Admission: a delivered extract becomes tables that keep their contracts, a quarantine of rejected rows, and a receipt.

Rules are asked in stages, and each stage looks only at rows that passed the stages before: cells and rows, repeated keys, overlapping periods,
references to other tables. A row set aside takes the rows that name it along; they are counted under the reference that then fails.
Accepted and rejected rows add up to the delivered ones in every table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError
from evalkit.intake.cells import type_cells
from evalkit.intake.contract import Contract, CustomRule, load_contracts, with_covariates
from evalkit.intake.crosswalk import Crosswalk, carry_districts_over, load_crosswalk
from evalkit.intake.delivered import FILE, LINE
from evalkit.intake.delivery import Delivery, Note, describe, read_delivery, refuse_incomplete
from evalkit.intake.gate import refuse_personal_numbers
from evalkit.intake.mapping import Mapping, load_mapping, source_of
from evalkit.intake.rules import Extent, RowRule, compile_row_rules
from evalkit.intake.table_rules import (
    REJECTION,
    ROW,
    SUPERSEDED,
    find_orphans,
    find_overlaps,
    find_repeated_keys,
    find_superseded,
    rejection,
)
from evalkit.tables import conform, in_order

_COUNTS = {"n_delivered": pl.Int64, "n_accepted": pl.Int64, "n_rejected": pl.Int64}


@dataclass(frozen=True)
class Admission:
    """What intake made of an extract.

    `tables` conform to evalkit.tables.SCHEMAS. `rejected` has one row for each rule that a rejected row breaks (table, file, line, column,
    rule, sentence), never a value. `receipt` counts rows by table and rule, with rule "all" for the table itself. `assumptions` says how each
    file was read and what it did not hold (table, file, assumption).
    """

    tables: dict[str, pl.DataFrame]
    rejected: pl.DataFrame
    receipt: pl.DataFrame
    assumptions: pl.DataFrame


@dataclass(frozen=True)
class _Checked:
    contract: Contract
    delivered: pl.DataFrame
    accepted: pl.DataFrame
    rejected: pl.DataFrame
    notes: tuple[Note, ...] = ()


def admit(
    extract_folder: Path | str,
    contracts_folder: Path | str,
    *,
    districts: Sequence[str],
    first_month: date,
    data_through: date,
    mapping: Path | str | None = None,
    max_rejected_share: float = 0.05,
) -> Admission:
    """Let an extract in: check every file against its contract, set bad rows aside, and say what was done.

    Parameters
    ----------
    extract_folder : path or str
        Folder of the delivered files, TABLE.csv (or .xlsx, .parquet, .sav, .dta, .sas7bdat), or several TABLE_anything; or the URI of a
        database.
    contracts_folder : path
        Folder of the contracts, *.odcs.yaml.
    districts : sequence of str
        The districts of the run, spelled as in the files; with none, any district will do.
    first_month, data_through : date
        First month of the extract and last month known. Months.
    mapping : path, optional
        Mapping file: covariates, other column names, other codes, a crosswalk of districts.
    max_rejected_share : float
        Largest share of a table's rows that may be set aside. Share, 0 to 1.

    Returns
    -------
    Admission
        Tables, rejected rows, receipt and assumptions.

    Raises
    ------
    IntakeError
        If a personal number stands anywhere (nothing is read in), a file or column is missing or unreadable, or more rows break their
        contract than may be set aside.
    """
    words = load_mapping(mapping)
    crosswalk = load_crosswalk(Path(mapping).parent / words.crosswalk if mapping and words.crosswalk else None)
    contracts = {
        table: with_covariates(contract, words.of(table).covariates) for table, contract in load_contracts(contracts_folder).items()
    }
    delivery = read_delivery(extract_folder, contracts)
    refuse_personal_numbers(delivery, str(Path(contracts_folder).name))
    refuse_incomplete(delivery, contracts, words)
    extent = Extent(tuple(districts), first_month, data_through)
    checked = _follow_references(
        [_check_table(contracts[table], delivery, words, extent, crosswalk) for table in contracts if table in delivery.tables]
    )
    _refuse_excess(checked, max_rejected_share)
    columns = [pl.lit("").alias("table"), *[column for column in REJECTION if column != "row"]]
    return Admission(
        tables={one.contract.table: conform(one.accepted.select(one.contract.column_names), one.contract.table) for one in checked},
        rejected=pl.concat([one.rejected.select(columns).with_columns(table=pl.lit(one.contract.table)) for one in checked]),
        receipt=pl.concat([_receipt_of(one) for one in checked]),
        assumptions=describe(delivery, contracts, words, [note for one in checked for note in one.notes]),
    )


def intake_counts(admission: Admission) -> pl.DataFrame:
    """The receipt as it is reported: rows delivered, accepted and rejected by table, and by each rule that set rows aside.

    Returns
    -------
    DataFrame
        table, rule ("all" for the whole table), n_delivered, n_accepted, n_rejected. Rows of the files.
    """
    return admission.receipt.sort("table", pl.col("rule") != "all", "rule")


def _check_table(contract: Contract, delivery: Delivery, words: Mapping, extent: Extent, crosswalk: Crosswalk) -> _Checked:
    files, mapping = delivery.tables[contract.table], words.of(contract.table)
    typed = [type_cells(file, contract.columns, mapping) for file in files]
    notes = [(contract.table, file.path.name, note) for file, (_, found) in zip(files, typed, strict=True) for note in found]
    delivered = pl.concat([rows for rows, _ in typed], rechunk=False).with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64))
    delivered, carried = carry_districts_over(delivered, contract, crosswalk, districts=extent.districts, data_through=extent.data_through)
    notes += [(contract.table, "", note) for note in carried]
    given = [column.name for column in contract.columns if any(source_of(column, mapping, file.columns) for file in files)]
    accepted, rejected = _split_rows(delivered, compile_row_rules(contract, given, extent))
    delivered = delivered.select(contract.column_names)
    accepted = in_order(accepted.select(*contract.column_names, ROW, FILE, LINE), contract.keys)
    overlaps = [_overlap_finder(rule) for rule in contract.rules if rule.rule == "no_overlap"]
    for find in [find_superseded, find_repeated_keys, *overlaps]:
        accepted, rejected = _set_aside(accepted, rejected, find(accepted, contract))
    return _Checked(contract, delivered, accepted, rejected, tuple(notes))


def _split_rows(rows: pl.DataFrame, rules: list[RowRule]) -> tuple[pl.DataFrame, pl.DataFrame]:
    # First pass: one scan counts all rules. Second pass, only if need be: the rows that break one.
    counts = rows.lazy().select(rule.fails.sum().alias(rule.name) for rule in rules).collect(engine="streaming").row(0, named=True)
    fired = [rule for rule in rules if counts[rule.name]]
    if not fired:
        return rows, rejection(rows.clear(), "", "", "")
    parts = [
        rejection(rows.lazy().filter(rule.fails).select(ROW, FILE, LINE).collect(), rule.column, rule.name, rule.sentence) for rule in fired
    ]
    return rows.filter(~pl.any_horizontal(rule.fails for rule in fired)), pl.concat(parts)


def _overlap_finder(custom: CustomRule) -> Callable[[pl.DataFrame, Contract], pl.DataFrame]:
    return lambda rows, _: find_overlaps(rows, custom)


def _set_aside(accepted: pl.DataFrame, rejected: pl.DataFrame, found: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    if found.is_empty():
        return accepted, rejected
    return accepted.join(found.select(pl.col("row").alias(ROW)).unique(), on=ROW, how="anti"), pl.concat([rejected, found])


def _follow_references(checked: list[_Checked]) -> list[_Checked]:
    waiting = {one.contract.table: one for one in checked}
    done: dict[str, _Checked] = {}
    while waiting:
        ready = [table for table, one in waiting.items() if not any(link.to_table in waiting for link in one.contract.references)]
        if not ready:
            raise IntakeError(
                "The foreign keys of the contracts run in a circle.",
                where=", ".join(sorted(waiting)),
                why="No table can be checked first.",
                fix="remove one of the foreign keys among these tables.",
            )
        for table in ready:
            done[table] = _without_orphans(waiting.pop(table), done)
    return [done[one.contract.table] for one in checked]


def _without_orphans(one: _Checked, done: dict[str, _Checked]) -> _Checked:
    accepted, rejected = one.accepted, one.rejected
    found = [
        find_orphans(accepted, link, done[link.to_table].accepted, done[link.to_table].delivered)
        for link in one.contract.references
        if link.to_table in done
    ]
    for orphans in found:
        accepted, rejected = _set_aside(accepted, rejected, orphans)
    return replace(one, accepted=accepted, rejected=rejected)


def _receipt_of(one: _Checked) -> pl.DataFrame:
    n_delivered, n_accepted = one.delivered.height, one.accepted.height
    by_rule = one.rejected.group_by("rule").len("n_rejected").sort("rule")
    table = pl.lit(one.contract.table).alias("table")
    whole = pl.DataFrame({"rule": ["all"], "n_rejected": [n_delivered - n_accepted]}, schema={"rule": pl.String, "n_rejected": pl.UInt32})
    return (
        pl.concat([whole, by_rule.cast({"n_rejected": pl.UInt32})])
        .select(
            table, "rule", n_delivered=n_delivered, n_accepted=n_delivered - pl.col("n_rejected").cast(pl.Int64), n_rejected="n_rejected"
        )
        .cast(_COUNTS)
    )


def _refuse_excess(checked: list[_Checked], max_rejected_share: float) -> None:
    faults = [fault for one in checked if (fault := _excess_in_words(one, max_rejected_share))]
    if not faults:
        return
    raise IntakeError(
        f"{len(faults)} table{'s have' if len(faults) > 1 else ' has'} more rejected rows than may be set aside.",
        where="; ".join(faults),
        why=f"At most {100 * max_rejected_share:g} % of a table's rows may break its contract; beyond that the rest cannot be trusted either.",
        fix="ask the sender for a corrected file; the run file's max_rejected_share is the limit.",
    )


def _excess_in_words(one: _Checked, max_rejected_share: float) -> str | None:
    # Rows that a later file takes the place of are no fault of the sender's.
    n_superseded = one.rejected.filter(rule=SUPERSEDED)["row"].n_unique()
    n_rejected = one.delivered.height - one.accepted.height - n_superseded
    if n_rejected <= max_rejected_share * one.delivered.height:
        return None
    rules = (
        one.rejected.group_by("rule").agg(pl.len(), pl.first("file"), pl.col("line").min()).sort("len", "rule", descending=[True, False])
    )
    listed = ", ".join(f"{row['rule']} {row['len']:,} (first: {row['file']} line {row['line']})" for row in rules.head(5).to_dicts())
    return f"{one.contract.table}: {n_rejected:,} of {one.delivered.height:,} rows: {listed}"
