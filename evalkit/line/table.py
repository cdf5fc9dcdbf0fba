"""The declaration of a table: what a row is, its keys and values, and how it may leave the run.

Everything that is said of a table follows from its declaration: types, empty tables, the order of
rows, which rule of disclosure control lets it out, and its documentation. Types are those of the
columns (`evalkit.line.columns`), so a name cannot have two.

These records are our own and not classes of dataframely, which the tests use. A schema there states
each column's type anew in each table, has no place for keys beside the columns, for the count that
guards a table or for its scope, and importing it takes as long as importing polars, which would
double the time of every command.
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl
from polars.datatypes import DataTypeClass

from evalkit.errors import DisclosureError
from evalkit.line.columns import schema_of
from evalkit.vocabulary import Grade

GuardRule = Literal["counts", "curve", "estimates"]


@dataclass(frozen=True)
class Guard:
    """How disclosure control lets a table out. Numbers of people are rounded to the nearest five
    in every table (`evalkit.line.columns.is_counted`).

    Attributes
    ----------
    rule : {"counts", "curve", "estimates"}
        The rule (`evalkit.disclosure`): counts of people with shares and means of them, curves read
        off the register, or estimates that rest on a number of persons.
    count : str, optional
        The column with the persons behind a row. None: the table is not about persons.
    shares : tuple of (str, str, str)
        Shares among the values, each with the columns of its part and of its whole, from which
        gate 2 computes it.
    spans : tuple of (str, float or str)
        Means among the values of what people do, each with how far apart two people can be in it: a
        number or a column.
    parts : str, optional
        The key of a curve whose values divide the same people: ways out, states.
    is_every_month : bool
        Whether a curve is shown in every month.
    one_person : str, optional
        The column with the largest influence of one person on an estimate, as a share of its
        standard error.
    change : str, optional
        The column with the most that one person changes any number of the row by, instead, where
        that is known (not null).
    changes : tuple of (str, str)
        Values of which one person changes more than the others of their row, each with its own
        column instead of `change`: ranges that hold two readings, say.
    is_path : bool
        Whether estimates are a path month by month, which needs more people
        (`evalkit.disclosure.paths`); reads n_moved and n_in_state too.
    exact : tuple of str
        Values that stay as they are: about nobody (declared limits, prices), taken from tables that
        are published, or rounded where they are made.
    total_over : tuple of str
        Keys over which numbers of people add up to the row with key "all", or to a total that is
        known: what an attacker starts from.
    overlaps : tuple of str
        Those of `total_over` in several of whose values one person can be: persons over them add up
        to all of them or more.
    listed : tuple of tuples of str
        Keys, alone or together, whose values stand in a table of counts only because somebody is in
        them: ways out that occur. Those with 0 to 2 people everywhere are left out.
    needed : tuple of str
        The values that a row is about where it has others beside them: a row without any of them
        is not estimable.
    is_uncounted_shown : bool
        Whether a row whose count is null is about nobody, a verdict that nothing was computed: its
        words are shown, its numbers are not. Elsewhere null counts as none, and the row is
        withheld.
    """

    rule: GuardRule
    count: str | None = None
    shares: tuple[tuple[str, str, str], ...] = ()
    spans: tuple[tuple[str, float | str], ...] = ()
    parts: str | None = None
    is_every_month: bool = False
    one_person: str | None = None
    change: str | None = None
    changes: tuple[tuple[str, str], ...] = ()
    is_path: bool = False
    exact: tuple[str, ...] = ()
    total_over: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()
    listed: tuple[tuple[str, ...], ...] = ()
    needed: tuple[str, ...] = ()
    is_uncounted_shown: bool = False

    @property
    def persons(self) -> str:
        """The column with the persons behind a row, of a rule that cannot do without.

        Raises
        ------
        DisclosureError
            If the guard names none.
        """
        if self.count is None:
            raise DisclosureError(
                "A guard does not name its column of persons.",
                where=f"evalkit/line/published: rule {self.rule}",
                why="The rule rounds by the people behind a row and has to know how many.",
                fix="name the column as the guard's count.",
            )
        return self.count

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that the rule reads."""
        named = (
            self.count,
            self.one_person,
            self.change,
            *(change for _, change in self.changes),
            *(("n_moved", "n_in_state") if self.is_path else ()),
            *(column for _, part, whole in self.shares for column in (part, whole)),
            *(span for _, span in self.spans if isinstance(span, str)),
        )
        return tuple(dict.fromkeys(name for name in named if name is not None))


@dataclass(frozen=True)
class Table:
    """A table of the line.

    Attributes
    ----------
    name : str
        The name of its file.
    row : str
        What a row is, in one sentence: "One row per ...".
    keys, values : tuple of str
        The columns that identify a row, and the others, in their order.
    unit : str
        What a published value is counted in.
    guard : Guard, optional
        How a published table leaves the run; None for tables that stay in work/.
    scope : {"run", "district"}
        One table per run, or one for each district and the city.
    grade : {"H", "M", "L"}
        How sure the numbers usually are: H are read off the register, M derived by a model.
    is_of_extract : bool
        Whether anything in it comes from the extract; prices do not.
    is_person_level : bool
        Whether a row is a person or a part of a person's life. Such a table is never published.
    open_columns : bool
        Whether further columns may follow: covariates that a mapping file declares.
    is_of_draws : bool
        Whether it has millions of rows with the same few words, each of which is then kept once.
    other_types : tuple of (str, polars type)
        Columns whose type is the table's own: a sender's in delivered tables.
    named_in : tuple of str
        The beginnings of further columns, one for each language that the run's texts are written
        in: "name_" for name_en, name_sv.
    about : str
        What a published table is for that no page or chart shows, and who reads the file.
    """

    name: str
    row: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    unit: str = ""
    guard: Guard | None = None
    scope: Literal["run", "district"] = "run"
    grade: Grade = "H"
    is_of_extract: bool = True
    is_person_level: bool = False
    open_columns: bool = False
    is_of_draws: bool = False
    other_types: tuple[tuple[str, DataTypeClass], ...] = ()
    named_in: tuple[str, ...] = ()
    about: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its keys and values, in their order."""
        return (*self.keys, *self.values)

    @property
    def guard_columns(self) -> tuple[str, ...]:
        """What its guard reads beside the columns that are published."""
        if self.guard is None:
            return ()
        return tuple(name for name in self.guard.read if name not in self.columns)

    @property
    def schema(self) -> pl.Schema:
        """Its columns and their types: keys, values and what its guard reads.

        Raises
        ------
        EvalkitError
            If a column is not declared; names it and the nearest.
        """
        others = dict(self.other_types)
        names = (*self.columns, *self.guard_columns)
        types = schema_of(*(name for name in names if name not in others))
        if self.is_of_draws:
            types = {
                name: pl.Categorical() if kind == pl.String else kind
                for name, kind in types.items()
            }
        return pl.Schema(
            {name: others[name]() if name in others else types[name] for name in names}
        )

    def empty(self) -> pl.DataFrame:
        """The table without rows."""
        return pl.DataFrame(schema=self.schema)
