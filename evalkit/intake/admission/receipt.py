"""What a receipt says of checked tables: counts, the rows that were set aside, and when there are
too many of them.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from evalkit.errors import IntakeError
from evalkit.intake.admission.delivery import notes_table
from evalkit.intake.admission.lone_adults import IS_PERSON
from evalkit.intake.checking.checked import Checked
from evalkit.intake.checking.table_rules import SUPERSEDED
from evalkit.line.tables import published

_LONE_ADULTS_FIX = (
    "deliver household_member, which says who belongs to each household, or write the applicant's "
    "person_id as household_id; else "
)


def receipt_of(checked: Sequence[Checked], through: Mapping[str, date | None]) -> pl.DataFrame:
    """Rows delivered, accepted, rejected and flagged by table, under rule "all"; rejected or
    flagged by rule.
    """
    rows: list[tuple] = []
    for table in checked:
        name, n_delivered, flagged = table.contract.table, table.rows.height, table.kept_flags()
        n_rejected, n_flagged = n_delivered - table.n_accepted, flagged["row"].n_unique()
        whole = (n_delivered, n_rejected, n_flagged, through[name], table.n_accepted)
        rows.append((name, "all", *whole))
        rows += [
            (name, rule, None, n, None, through[name], None) for rule, n in _by_rule(table.rejected)
        ]
        rows += [(name, rule, None, None, n, through[name], None) for rule, n in _by_rule(flagged)]
    schema = {**published("intake").schema, "n_accepted": pl.Int32()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _by_rule(told: pl.DataFrame) -> list[tuple[str, int]]:
    return told.group_by("rule").len().sort("rule").rows() if len(told) else []


def listed(checked: Sequence[Checked], max_listed: int, *, flagged: bool = False) -> pl.DataFrame:
    """Rejected or flagged rows by table and rule, causes first, as many of each as are listed."""
    rejected = pl.concat(
        [
            (table.kept_flags() if flagged else table.rejected).select(
                pl.lit(table.contract.table).alias("table"), pl.all()
            )
            for table in checked
        ]
    )
    causes_first = rejected.sort(pl.col("follows_from").is_not_null(), maintain_order=True)
    return causes_first.filter(pl.int_range(pl.len()).over("table", "rule") < max_listed).drop(
        "row"
    )


def consequences_of(checked: Sequence[Checked]) -> pl.DataFrame:
    """How many rows of each table only name a row set aside: table, follows_from, n_rejected."""
    counts = [
        table.rejected.filter(pl.col("follows_from").is_not_null().all().over("row"))
        .group_by("follows_from", maintain_order=True)
        .agg(n_rejected=pl.col("row").n_unique())
        .select(pl.lit(table.contract.table).alias("table"), "follows_from", "n_rejected")
        for table in checked
    ]
    return pl.concat(counts)


def cuts_in_words(receipt: pl.DataFrame, max_listed: int) -> pl.DataFrame:
    """Notes on lists of rejected or flagged rows that were cut."""
    n_rows = pl.coalesce("n_rejected", "n_flagged")
    cut = receipt.filter(pl.col("rule") != "all", n_rows > max_listed).with_columns(n_rows=n_rows)
    notes = [
        (
            row["table"],
            "",
            f"{row['n_rows']:,} rows break the rule {row['rule']}; the first {max_listed:,} of "
            "them are listed",
        )
        for row in cut.iter_rows(named=True)
    ]
    return notes_table(notes)


def refuse_excess(checked: list[Checked], max_rejected_share: float) -> None:
    """Refuse a delivery of which more rows break their contract than may be set aside.

    Raises
    ------
    IntakeError
        Naming each such table with its commonest faults.
    """
    faults = [fault for table in checked if (fault := _excess_in_words(table, max_rejected_share))]
    if not faults:
        return
    raise IntakeError(
        f"{len(faults)} table{'s have' if len(faults) > 1 else ' has'} more rejected rows than may "
        "be set aside.",
        where="; ".join(faults),
        why=f"At most {100 * max_rejected_share:g} % of a table's rows may break its contract; "
        "beyond that the rest cannot be trusted either.",
        fix=f"{_LONE_ADULTS_FIX if _are_no_persons(checked) else ''}ask the sender for a corrected "
        "file; the run file's max_rejected_share is the limit.",
    )


def _are_no_persons(checked: Sequence[Checked]) -> bool:
    return any((table.rejected["rule"] == IS_PERSON).any() for table in checked)


def _excess_in_words(table: Checked, max_rejected_share: float) -> str | None:
    # Rows that a later file takes the place of are no fault of the sender's.
    n_superseded = table.rejected.filter(rule=SUPERSEDED)["row"].n_unique()
    n_rejected = table.rows.height - table.n_accepted - n_superseded
    if n_rejected <= max_rejected_share * table.rows.height:
        return None
    rules = (
        table.rejected.group_by("rule")
        .agg(pl.len(), pl.first("file"), pl.col("line").min())
        .sort("len", "rule", descending=[True, False])
    )
    listed = ", ".join(
        f"{row['rule']} {row['len']:,} (first: {row['file']} line {row['line']})"
        for row in rules.head(5).to_dicts()
    )
    return f"{table.contract.table}: {n_rejected:,} of {table.rows.height:,} rows: {listed}"
