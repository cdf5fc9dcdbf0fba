"""A table on its way through the rules: which of its rows are still accepted, and what the others
broke.

Rules on one column are asked of its values, rules over rows of numbers (`codes`) for all rows at
once. That finds at least the rows that break a rule, and mostly none; the rule itself is then asked
of those few rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import and_

import numpy as np
import polars as pl

from evalkit.intake.checking.cells import TypedCells
from evalkit.intake.checking.rules import Extent, RowRule, compile_row_rules, failing_values
from evalkit.intake.checking.table_rules import (
    NO_REJECTIONS,
    ROW,
    find_overlaps,
    find_repeated_keys,
    find_superseded,
    orphans,
    rejection,
)
from evalkit.intake.contracts.contract import Contract, CustomRule, Reference
from evalkit.intake.reading.codes import Coded, code_column, is_among, pack, pack_both, places_among
from evalkit.intake.reading.delivered import FILE, LINE
from evalkit.intake.reading.side_by_side import side_by_side

_LAST_DAY = np.iinfo(np.int32).max
_DAYS = 1 << 33


@dataclass(frozen=True)
class Checked:
    """A table, which of its rows are still accepted, and the rejections so far.

    rows : the declared columns as delivered, with _line and _file. is_accepted : (n_rows,) bool.
    rejected : rejections so far (table_rules.REJECTION). flagged : in the same form, rows that are
    kept and doubtful, also those that another rule sets aside. order : positions of the rows in the
    order of their keys; None where they stand in it. texts : the columns of text as numbers.
    codes : the columns that have been looked at as numbers which sort as they do, by name; packs :
    the key, as one number per row, once it has been asked for.
    """

    contract: Contract
    rows: pl.DataFrame
    is_accepted: np.ndarray
    rejected: pl.DataFrame
    flagged: pl.DataFrame = field(default_factory=NO_REJECTIONS.clone)
    order: np.ndarray | None = None
    texts: dict[str, Coded] = field(default_factory=dict)
    codes: dict[str, Coded] = field(default_factory=dict)
    packs: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """The key's columns that tell rows apart: one without a value does not."""
        return tuple(
            key
            for key in self.contract.keys
            if key in self.contract.required_keys or self.rows[key].null_count() < self.rows.height
        )

    @property
    def n_accepted(self) -> int:
        """How many rows are still accepted."""
        return int(np.count_nonzero(self.is_accepted))

    def coded(self, column: str) -> Coded:
        """A column as numbers that sort as it does."""
        if column not in self.codes:
            self.codes[column] = (
                self.texts[column].in_order()
                if column in self.texts
                else code_column(self.rows[column])
            )
        return self.codes[column]

    def packed(self, columns: Sequence[str]) -> np.ndarray:
        """Several columns as one number per row: (n_rows,) whole numbers, which sort as the columns
        do.
        """
        columns = tuple(columns)
        if columns in self.packs:
            return self.packs[columns]
        packed = pack([self.coded(column) for column in columns])
        if columns == self.keys:
            # References and overlaps mostly ask for it again.
            self.packs[columns] = packed
        return packed

    def accepted_among(self, positions: np.ndarray) -> pl.DataFrame:
        """The rows at the given positions that are still accepted, with their position as _row."""
        positions = positions[self.is_accepted[positions]]
        return self.rows[positions].with_columns(pl.Series(ROW, positions, dtype=pl.Int64))

    def without(self, rejections: pl.DataFrame) -> "Checked":
        """The table with further rows set aside."""
        if rejections.is_empty():
            return self
        is_accepted = self.is_accepted.copy()
        is_accepted[rejections["row"].to_numpy()] = False
        return replace(
            self, is_accepted=is_accepted, rejected=pl.concat([self.rejected, rejections])
        )

    def with_flags(self, flags: Iterable[pl.DataFrame]) -> "Checked":
        """The table with further rows flagged."""
        return replace(self, flagged=pl.concat([self.flagged, *flags]))

    def kept_flags(self) -> pl.DataFrame:
        """The flags of rows that are still accepted."""
        return self.flagged.filter(pl.Series(self.is_accepted[self.flagged["row"].to_numpy()]))

    def accepted(self) -> pl.DataFrame:
        """The accepted rows in the order of their keys."""
        rows = self.rows[self.contract.column_names]
        if self.order is None:
            return rows if self.is_accepted.all() else rows.filter(pl.Series(self.is_accepted))
        chosen = self.order[self.is_accepted[self.order]]
        # A column without a value stays a constant, which takes no room.
        empty = [
            pl.lit(None, rows.schema[column]).alias(column)
            for column in rows.columns
            if rows[column].null_count() == rows.height
        ]
        filled = [column for column in rows.columns if rows[column].null_count() < rows.height]
        return (
            pl.DataFrame([self._cells_at(column, chosen) for column in filled])
            .with_columns(empty)
            .select(rows.columns)
        )

    def _cells_at(self, column: str, positions: np.ndarray) -> pl.Series:
        # The few values of a text lie closer together than its cells, and closer still in order.
        text = self.codes.get(column) if column in self.texts else None
        text = text or self.texts.get(column)
        return (
            text.at(positions).cells.alias(column)
            if text
            else self.rows[column].rechunk().gather(positions)
        )


def order_of(packed: np.ndarray) -> np.ndarray | None:
    """The order that sorts the numbers; None where they are sorted already."""
    return None if (packed[1:] >= packed[:-1]).all() else pl.Series(packed).arg_sort().to_numpy()


def check_table(
    contract: Contract, typed: TypedCells, extent: Extent, *, may_be_superseded: bool
) -> Checked:
    """Apply all rules of a contract to its table, except references: first cells and rows, then
    repeated keys, then overlapping periods. Each stage looks at rows that passed the stages before.
    """
    checked = _check_rows(contract, typed, extent)
    if may_be_superseded:
        checked = checked.without(
            find_superseded(checked.accepted_among(np.arange(checked.rows.height)), contract)
        )
    checked = _check_keys(checked)
    for rule in contract.rules:
        checked = _check_overlaps(checked, rule) if rule.rule == "no_overlap" else checked
    return checked


@dataclass(frozen=True)
class Resolved:
    """A reference as numbers, before rows are set aside for it.

    names : (n,) what is named by each value (of one column) or by each row (of several together).
    known : (n_rows of the other table,) what each of its rows is; equal to a name where it is what
    is named. is_asked : (n,) bool, or True for all: an empty cell names nothing. is_missing : (n,)
    whether what is named is not there at all.
    """

    link: Reference
    names: np.ndarray
    known: np.ndarray
    is_asked: np.ndarray | bool
    is_missing: np.ndarray


def resolve(checked: Checked, link: Reference, target: Checked) -> Resolved:
    """Look up a reference of one table in another, for all rows of both."""
    own = side_by_side(checked.coded, link.columns)
    others = side_by_side(target.coded, link.to_columns)
    places = side_by_side(places_among, others, own)
    if len(own) == 1:
        # One column is asked of its values, whose codes are counted from 1; 0 is what none of them
        # is.
        names, known = (
            np.arange(1, own[0].n_codes + 1) % own[0].n_codes,
            places[0][others[0].codes] + 1,
        )
        is_asked = names > 0
    else:
        within = [
            theirs.placed(place_of, mine)
            for theirs, place_of, mine in zip(others, places, own, strict=True)
        ]
        (names, known), is_asked = (
            pack_both(own, within, checked.packed(link.columns)),
            _filled(own),
        )
    return Resolved(link, names, known, is_asked, ~is_among(names, known) & is_asked)


def find_orphans(checked: Checked, resolved: Resolved, target: Checked) -> pl.DataFrame:
    """Rejections by a reference: accepted rows whose target is missing, or was itself set aside."""
    link, names, known = resolved.link, resolved.names, resolved.known
    rows_where = (
        checked.coded(link.columns[0]).rows_where if len(link.columns) == 1 else np.flatnonzero
    )
    missing, set_aside = rows_where(resolved.is_missing), np.empty(0, dtype=np.int64)
    if not target.is_accepted.all():
        lost = known[~target.is_accepted]
        # What another row, still accepted, is as well is not lost.
        lost = lost[~is_among(lost, known[is_among(known, lost) & target.is_accepted])]
        set_aside = (
            rows_where(is_among(names, lost) & resolved.is_asked) if len(lost) else set_aside
        )
    if not len(missing) and not len(set_aside):
        return NO_REJECTIONS
    return orphans(checked.accepted_among(missing), checked.accepted_among(set_aside), link)


def _filled(columns: Sequence[Coded]) -> np.ndarray | bool:
    """Whether the cells of all columns are filled: (n_rows,) bool, or True where all are in every
    row.
    """
    return reduce(and_, (column.is_filled for column in columns))


def _check_rows(contract: Contract, typed: TypedCells, extent: Extent) -> Checked:
    rows = typed.rows
    own = rows[[*contract.column_names, FILE, LINE]]
    checked = Checked(
        contract, own, np.ones(rows.height, dtype=bool), NO_REJECTIONS, texts=typed.texts
    )
    rules = compile_row_rules(contract, typed.given, extent)
    coded = zip(
        typed.given,
        side_by_side(lambda column: _whole_column(checked, column, typed), typed.given),
        strict=True,
    )
    by_value = {column: values for column, values in coded if values}
    found = {}
    for column, values in by_value.items():
        found |= _failing_rows([rule for rule in rules if rule.column == column], values, rows)
    # Rules on several columns, or on numbers: one scan counts them all, and only for those that are
    # broken the rows are looked for.
    by_row = [rule for rule in rules if rule.column not in by_value]
    counts = (
        rows.lazy()
        .select(rule.fails.sum().alias(rule.name) for rule in by_row)
        .collect(engine="streaming")
        .row(0, named=True)
    )
    found |= {
        rule.name: rows.select(pl.arg_where(rule.fails)).to_series().to_numpy()
        for rule in by_row
        if counts[rule.name]
    }
    told = [
        (
            rule.is_flag,
            rejection(
                checked.accepted_among(found[rule.name]), rule.column, rule.name, rule.sentence
            ),
        )
        for rule in rules
        if len(found.get(rule.name, ()))
    ]
    rejections = [rows for is_flag, rows in told if not is_flag]
    flags = [rows for is_flag, rows in told if is_flag]
    return checked.without(pl.concat([NO_REJECTIONS, *rejections])).with_flags(flags)


def _whole_column(checked: Checked, column: str, typed: TypedCells) -> Coded | None:
    """A delivered column as numbers, if it is one of texts or dates, and every cell could be
    read.
    """
    if column in typed.unreadable:
        return None
    return typed.texts.get(column) or (
        checked.coded(column) if typed.rows.schema[column] == pl.Date else None
    )


def _failing_rows(rules: list[RowRule], coded: Coded, rows: pl.DataFrame) -> dict[str, np.ndarray]:
    """Positions of the rows that break the rules of one column, by rule, where any do."""
    failing = failing_values(rules, coded.with_empty)
    found = {}
    for rule in rules:
        suspects = coded.rows_where(failing[rule.name].to_numpy())
        if len(suspects):
            found[rule.name] = suspects[
                rows[suspects].select(pl.arg_where(rule.fails)).to_series().to_numpy()
            ]
    return found


def _check_keys(checked: Checked) -> Checked:
    packed = checked.packed(checked.keys)
    order = order_of(packed)
    ordered = packed if order is None else packed[order]
    repeats = ordered[1:] == ordered[:-1]
    checked = replace(checked, order=order)
    if not repeats.any():
        return checked
    doubtful = np.append(repeats, False) | np.insert(repeats, 0, False)
    positions = doubtful.nonzero()[0] if order is None else order[doubtful]
    return checked.without(find_repeated_keys(checked.accepted_among(positions), checked.contract))


def _check_overlaps(checked: Checked, rule: CustomRule) -> Checked:
    """Periods of a group are looked at in the order of their starts; set-aside ones among them can
    only make more of them doubtful.
    """
    by, start, end = list(rule.arguments["by"]), rule.arguments["start"], rule.arguments["end"]
    packed = checked.packed([*by, start])
    order = order_of(packed)
    groups, starts, ends = (
        checked.packed(by),
        _days(checked.rows[start], 0),
        _days(checked.rows[end], _LAST_DAY),
    )
    if order is not None:
        groups, starts, ends = groups[order], starts[order], ends[order]
    group = np.cumsum(np.diff(groups, prepend=groups[:1]) != 0)
    latest_ends = np.maximum.accumulate(group * _DAYS + ends)
    is_doubtful = (group * _DAYS + starts)[1:] < latest_ends[:-1]
    positions = is_among(group, group[1:][is_doubtful]).nonzero()[0]
    return checked.without(
        find_overlaps(
            checked.accepted_among(positions if order is None else order[positions]), rule
        )
    )


def _days(dates: pl.Series, where_empty: int) -> np.ndarray:
    return dates.to_physical().fill_null(where_empty).to_numpy().astype(np.int64)
