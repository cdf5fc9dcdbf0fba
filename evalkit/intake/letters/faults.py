"""What a sender can mend: the causes among the rows set aside, each told once.

Rows that only name a row set aside are no cause. A value that breaks a rule in many rows is one
fault, and so is a row that many name and nobody delivered.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from evalkit.intake.admission.admit import Admission
from evalkit.intake.admission.delivery import Delivery
from evalkit.intake.admission.letter_form import LetterRow, Named
from evalkit.intake.checking.table_rules import SUPERSEDED
from evalkit.intake.contracts.contract import Contract, CustomRule, Reference
from evalkit.intake.contracts.in_words import listing_in_words, name_in_words
from evalkit.intake.contracts.mapping import MappingFile
from evalkit.intake.letters.senders import sender_of
from evalkit.intake.letters.sentences import column_names, explain
from evalkit.intake.reading.delivered import LINE, Delivered, shown_text, texts_of

if TYPE_CHECKING:
    from evalkit.words import Words

# Rows with the same wrong value from which on the value is told instead of each row: a code means
# the same everywhere; numbers, dates and empty cells are told together only where nobody would mend
# them one by one.
_SAME_CODE, _SAME_VALUE = 5, 100
_WHOLE, _REPEATED, _CONTRADICTED = "row_is_whole", "key_not_repeated", "key_not_contradicted"
# Rules whose row may be one too many.
_REMOVABLE = ("no_overlap", "told_once", "belongs_to")
_KINDS = ("value", "missing", "row")

_Place = tuple[str, int]  # file and line
_Row = dict[str, str | None]


@dataclass(frozen=True)
class Fault:
    """A row of a letter that has no number yet: whose it is, what is wrong in sentences, how many
    delivered rows it is about, and whether the letter proposes to remove it.
    """

    sender: str
    row: LetterRow
    sentences: tuple[str, ...]
    n_rows: int = 1
    is_removal_proposed: bool = False


@dataclass
class _Doubt:
    """What is wrong with one delivered row."""

    sentences: list[str] = field(default_factory=list)
    marked: set[str] = field(default_factory=set)
    may_remove: bool = False
    is_removal_proposed: bool = False
    is_whole: bool = True


def find_faults(
    admission: Admission,
    delivery: Delivery,
    contracts: Mapping[str, Contract],
    mapping: MappingFile,
    words: "Words",
) -> list[Fault]:
    """The faults of a delivery in the order in which they are told: tables before those that name
    them; within a table values, then rows that are missing, then single rows.

    Parameters
    ----------
    admission : Admission
        What intake made of the delivery.
    delivery : Delivery
        The delivery itself, mended by the letters that came back.
    contracts : mapping
        The contracts by table.
    mapping : MappingFile
        The mapping file of the delivery.
    words : Words
        The words of the sender's language.
    """
    tables = {
        name: _Table(contracts[name], files, mapping, words)
        for name, files in delivery.tables.items()
    }
    causes = pl.concat([admission.rejected, admission.flagged]).filter(
        pl.col("follows_from").is_null(), pl.col("rule") != SUPERSEDED
    )
    faults: list[Fault] = []
    named: dict[tuple[str, str, _Key], list[Named]] = defaultdict(list)
    n_naming: dict[tuple[str, str, _Key], int] = defaultdict(int)
    for name in causes["table"].unique(maintain_order=True):
        table = tables[name]
        of_table = causes.filter(pl.col("table") == name)
        is_nameable = pl.struct("file", "rule").is_in(
            [
                {"file": file, "rule": rule}
                for file, rule in of_table.select("file", "rule").unique().rows()
                if table.can_name(file, rule, tables)
            ]
        )
        faults += table.faults(of_table.filter(~is_nameable))
        for sender, link, key, places in table.unnamed(of_table.filter(is_nameable)):
            missing = (sender, link.to_table, key)
            named[missing] += table.naming(link, places)
            n_naming[missing] += len(places)
    faults += [
        tables[to_table].missing(sender, key, named[sender, to_table, key], n)
        for (sender, to_table, key), n in n_naming.items()
    ]
    order = _by_dependence(tables)
    return sorted(faults, key=lambda fault: (order[fault.row.table], _KINDS.index(fault.row.kind)))


# Our columns of a key with the texts that name a row by them.
_Key = tuple[tuple[str, str | None], ...]


class _Table:
    """A delivered table as a letter sees it."""

    def __init__(
        self,
        contract: Contract,
        files: Sequence[Delivered],
        mapping: MappingFile,
        words: "Words",
    ):
        self.contract, self.mapping, self.words = contract, mapping, words
        self.files = {file.path.name: file for file in files}
        of_table = mapping.of(contract.table)
        self.sources = {
            name: {
                column.name: source
                for column in contract.columns
                if (source := of_table.source_of(column, file.columns)) is not None
            }
            for name, file in self.files.items()
        }
        self.references = {link.name: link for link in contract.references}
        self.removable = {rule.name for rule in contract.rules if rule.rule in _REMOVABLE}
        self.overlaps = {rule.name: rule for rule in contract.rules if rule.rule == "no_overlap"}

    def can_name(self, file: str, rule: str, tables: Mapping[str, "_Table"]) -> bool:
        """Whether a rule is a reference whose target a letter can ask for: the naming columns are
        delivered as they are, and a row of the target is a row of its file.
        """
        link = self.references.get(rule)
        return (
            link is not None
            and all(column in self.sources[file] for column in link.columns)
            and self.mapping.of(link.to_table).months_in_columns is None
            and all(
                column in sources
                for sources in tables[link.to_table].sources.values()
                for column in link.to_columns
            )
        )

    def faults(self, told: pl.DataFrame) -> list[Fault]:
        """The faults of delivered rows and values."""
        rows = self.rows(told.select("file", "line").unique().rows())
        doubts: dict[_Place, _Doubt] = defaultdict(_Doubt)
        groups: dict[tuple[str, str, str, str | None], list[_Place]] = defaultdict(list)
        for file, line, columns, rule in told.select("file", "line", "column", "rule").rows():
            source = self.sources[file].get(columns)
            if source and rule not in (_WHOLE, _REPEATED, _CONTRADICTED):
                value = rows[file, line].get(source)
                groups[self.sender(file), rule, source, value].append((file, line))
            else:
                self.doubt(doubts, (file, line), columns.split(", "), rule)
        values = []
        for (sender, rule, source, value), places in groups.items():
            if len(places) >= (_SAME_CODE if self.is_code(source, value) else _SAME_VALUE):
                values.append(self.value(sender, rule, source, value, places))
                continue
            for place in places:
                doubt = doubts[place]
                doubt.marked.add(source)
                doubt.sentences.append(self.explain(rule, place[0]))
        self.add_earlier_periods(doubts, told)
        rows |= self.rows([place for place in doubts if place not in rows])
        return values + [self.row(place, doubts[place], rows[place]) for place in sorted(doubts)]

    def is_code(self, source: str, value: str | None) -> bool:
        """Whether a value of a delivered column is a code."""
        kinds = {column.name: column.kind for column in self.contract.columns}
        return value is not None and any(
            kinds[ours] == "string"
            for sources in self.sources.values()
            for ours, theirs in sources.items()
            if theirs == source
        )

    def doubt(
        self, doubts: dict[_Place, _Doubt], place: _Place, columns: Iterable[str], rule: str
    ) -> None:
        """Note a rule that a row breaks by several of its cells, or as a whole."""
        sources, doubt = self.sources[place[0]], doubts[place]
        doubt.sentences.append(self.explain(rule, place[0]))
        if rule in (_WHOLE, _CONTRADICTED):
            doubt.marked |= set(sources.values())
        elif rule != _REPEATED:
            doubt.marked |= {sources[column] for column in columns if column in sources}
        doubt.is_whole &= rule != _WHOLE
        doubt.may_remove |= rule in (_WHOLE, _REPEATED, _CONTRADICTED, *self.removable)
        doubt.is_removal_proposed |= rule == _REPEATED

    def row(self, place: _Place, doubt: _Doubt, cells: _Row) -> Fault:
        """The fault of one delivered row."""
        file, line = place
        columns = tuple(self.sources[file].values())
        row = LetterRow(
            number=0,
            sheet="",
            kind="row",
            table=self.contract.table,
            columns=columns,
            marked=tuple(name for name in columns if name in doubt.marked),
            # The cells of a line that is not whole may stand under other names than their own.
            given={name: cells.get(name) if doubt.is_whole else None for name in columns},
            may_remove=doubt.may_remove,
            file=file,
            line=line,
        )
        sentences = tuple(dict.fromkeys(doubt.sentences))
        return Fault(
            self.sender(file), row, sentences, is_removal_proposed=doubt.is_removal_proposed
        )

    def value(
        self, sender: str, rule: str, source: str, value: str | None, places: Sequence[_Place]
    ) -> Fault:
        """The fault of a value that stands in many rows."""
        files = tuple(dict.fromkeys(file for file, _ in places))
        row = LetterRow(
            number=0,
            sheet="",
            kind="value",
            table=self.contract.table,
            columns=(source,),
            marked=(source,),
            given={source: value},
            files=files,
        )
        sentences = (self.explain(rule, files[0]), self.words.text("letter.same_value"))
        return Fault(sender, row, sentences, n_rows=len(places))

    def unnamed(self, causes: pl.DataFrame) -> list[tuple[str, Reference, _Key, list[_Place]]]:
        """What rows name that was not delivered: sender, reference, key and the naming rows."""
        rows = self.rows(causes.select("file", "line").unique().rows())
        found: dict[tuple[str, str, _Key], list[_Place]] = defaultdict(list)
        for file, line, rule in causes.select("file", "line", "rule").rows():
            link, sources = self.references[rule], self.sources[file]
            key = tuple(
                (theirs, rows[file, line].get(sources[ours]))
                for ours, theirs in zip(link.columns, link.to_columns, strict=True)
            )
            found[self.sender(file), rule, key].append((file, line))
        return [
            (sender, self.references[rule], key, places)
            for (sender, rule, key), places in found.items()
        ]

    def naming(self, link: Reference, places: Sequence[_Place]) -> list[Named]:
        """The delivered columns that name something, file by file."""
        return [
            Named(
                self.contract.table,
                file,
                tuple(self.sources[file][column] for column in link.columns),
            )
            for file in dict.fromkeys(file for file, _ in places)
        ]

    def missing(self, sender: str, key: _Key, named: Sequence[Named], n_rows: int) -> Fault:
        """The fault of a row of this table that others name and nobody delivered."""
        own = [name for name in self.files if self.sender(name) == sender]
        sources = self.sources[(own or list(self.files))[0]]
        columns, keyed = tuple(sources.values()), dict(key)
        row = LetterRow(
            number=0,
            sheet="",
            kind="missing",
            table=self.contract.table,
            columns=columns,
            marked=columns,
            given={source: keyed.get(ours) for ours, source in sources.items()},
            named_in=tuple(named),
        )
        names = column_names(self.contract, sources, self.words)
        sentence = self.words.text(
            "letter.missing",
            n=self.words.number(n_rows),
            files=self.words.listing([one.file for one in named]),
            columns=listing_in_words([ours for ours, _ in key], names, self.words),
            table=name_in_words(self.contract, self.contract.table, self.words),
        )
        return Fault(sender, row, (sentence,), n_rows=n_rows)

    def add_earlier_periods(self, doubts: dict[_Place, _Doubt], told: pl.DataFrame) -> None:
        """Add the earlier period to each that begins before it has ended: either may be wrong."""
        for name, rule in self.overlaps.items():
            places = told.filter(pl.col("rule") == name).select("file", "line").rows()
            for place in self.earlier_periods(rule, places) if places else ():
                if place not in doubts:
                    doubts[place].sentences.append(self.words.text("letter.overlapped"))
                    doubts[place].may_remove = True
                sources = self.sources[place[0]]
                doubts[place].marked |= {
                    sources[str(rule.arguments[part])] for part in ("start", "end")
                }

    def earlier_periods(self, rule: CustomRule, places: Sequence[_Place]) -> list[_Place]:
        """For periods that begin too early, the period of the same group that ends last of those
        that begin before.
        """
        by = list(rule.arguments["by"])
        start, end = str(rule.arguments["start"]), str(rule.arguments["end"])
        periods: dict[tuple, list[tuple[date, date, _Place]]] = defaultdict(list)
        starts: dict[_Place, tuple[tuple, date]] = {}
        for name, cells in self.renamed([*by, start, end]).items():
            for *group, begins, ends, line in cells.rows():
                if begins is not None:
                    periods[tuple(group)].append((begins, ends or date.max, (name, line)))
                    starts[name, line] = (tuple(group), begins)
        found = []
        for place in places:
            if place not in starts:
                continue
            group, begins = starts[place]
            earlier = [
                (ends, other)
                for start_of_other, ends, other in periods[group]
                if other != place and start_of_other <= begins < ends
            ]
            found += [max(earlier)[1]] if earlier else []
        return found

    def renamed(self, columns: Sequence[str]) -> dict[str, pl.DataFrame]:
        """Our columns of each file, the last two as dates, and their lines."""
        return {
            name: file.cells.select(
                *[texts_of(file.cells[self.sources[name][ours]]).alias(ours) for ours in columns],
                pl.col(LINE).cast(pl.Int64),
            ).with_columns(
                pl.col(column).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
                for column in columns[-2:]
            )
            for name, file in self.files.items()
            if all(ours in self.sources[name] for ours in columns)
        }

    def rows(self, places: Iterable[_Place]) -> dict[_Place, _Row]:
        """The known cells of some rows as they are shown."""
        lines: dict[str, list[int]] = defaultdict(list)
        for file, line in places:
            lines[file].append(line)
        return {
            (name, line): row
            for name, of_file in lines.items()
            for line, row in _shown(
                self.files[name], list(self.sources[name].values()), of_file
            ).items()
        }

    def sender(self, file: str) -> str:
        """Who sent a file."""
        return sender_of(file, self.contract.table, self.mapping)

    def explain(self, rule: str, file: str) -> str:
        """A broken rule as a sentence."""
        names = column_names(self.contract, self.sources[file], self.words)
        return explain(rule, self.contract, names, self.words)


def _shown(file: Delivered, columns: Sequence[str], lines: Sequence[int]) -> dict[int, _Row]:
    rows = file.cells.filter(pl.col(LINE).cast(pl.Int64).is_in(list(lines)))
    texts = {name: [shown_text(text) for text in texts_of(rows[name])] for name in columns}
    return {
        line: {name: column[i] for name, column in texts.items()}
        for i, line in enumerate(rows[LINE].to_list())
    }


def _by_dependence(tables: Mapping[str, _Table]) -> dict[str, int]:
    """The place of each table, so that it stands behind those that it names."""
    depth: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in depth:
            links = [link.to_table for link in tables[name].contract.references]
            depth[name] = 1 + max((of(to) for to in links if to in tables), default=0)
        return depth[name]

    order = sorted(tables, key=lambda name: (of(name), name))
    return {name: place for place, name in enumerate(order)}
