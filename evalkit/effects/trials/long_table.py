"""The long table at the door: one row per person and month, its columns checked once.

Messages give counts and column names, never values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import polars as pl

from evalkit.effects.trials.measured import MONTH, PERSON, Measured
from evalkit.errors import EstimationError, first_few, nearest
from evalkit.frames import Frame, as_polars
from evalkit.line.states import OUTCOMES, STATES
from evalkit.months import month_number_expr
from evalkit.survival.counts.codes import extremes
from evalkit.survival.counts.ends import NO_EVENT, is_zero_or_one

# Months that are numbers have no calendar: the first of them is taken for this January.
_A_JANUARY = 2000 * 12
_STATES = frozenset({*STATES["state"], *OUTCOMES})


@dataclass(frozen=True)
class Columns:
    """Which column plays which part."""

    id: str
    month: str
    state: str
    intervention: str
    on_support: str | None = None
    elapsed: str | None = None
    planned: str | None = None
    district: str | None = None
    cluster: str | None = None
    weight: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """The columns in use by their part."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        return {part: column for part, column in parts.items() if column is not None}


@dataclass(frozen=True)
class LongTable:
    """A checked table of persons and months.

    rows : sorted by person_id and month; person_id, month (`months.month_number`), row (in
    `table`), state, on_support (null where no column says it), planned, district, cluster_id.
    table : as it was handed over. first, n_months : the first month, and how many there are to the
    last. is_dated : whether months are those of a calendar.
    """

    rows: pl.DataFrame
    table: pl.DataFrame
    columns: Columns
    first: int
    n_months: int
    is_dated: bool

    @property
    def is_intervention_named(self) -> bool:
        """Whether the column of interventions holds names, not true and false."""
        dtype = self.table.schema[self.columns.intervention]
        return dtype in (pl.String, pl.Categorical, pl.Enum)

    def interventions(self, intervention_id: str) -> pl.Series:
        """Which intervention runs in each row, null for none: where the column holds true and
        false, the one of this name.

        Raises
        ------
        EstimationError
            If the column holds other numbers, is missing in some rows though it is true or false,
            or holds a word that looks like none.
        """
        name = self.columns.intervention
        column = self.table[name][self.rows["row"]]
        if self.is_intervention_named:
            running = column.cast(pl.String)
            is_nothing = running.str.strip_chars().str.to_lowercase().is_in(list(NO_EVENT))
            if is_nothing.any():
                raise _refusal(
                    f"{is_nothing.sum()} rows name an intervention that looks like the word for "
                    "none.",
                    f'column "{name}"',
                    "It would be one more intervention in which people take part.",
                    "turn the word into a missing value: missing means no intervention.",
                )
            return running
        runs = _truths(column, name)
        return pl.select(pl.when(runs).then(pl.lit(intervention_id))).to_series()

    def persons(self, names: Sequence[str]) -> pl.DataFrame:
        """One row per person with the columns named.

        Raises
        ------
        EstimationError
            If a column is not there or changes within persons.
        """
        _refuse_unknown(self.table, names)
        values = pl.concat([self.rows.select("person_id"), self._values(names)], how="horizontal")
        _refuse_changing(values, names)
        return values.unique("person_id", keep="first", maintain_order=True)

    def measured(self, covariates: Sequence[str] | str) -> Measured:
        """Covariates month by month; months of the protocol."""
        keys = self.rows.select(
            pl.col("person_id").alias(PERSON),
            (pl.col("month") - self.first + 1).cast(pl.Int32).alias(MONTH),
        )
        return Measured(
            pl.concat([keys, self._values(self.table.columns)], how="horizontal"), covariates
        )

    def _values(self, names: Sequence[str]) -> pl.DataFrame:
        return self.table.select(names)[self.rows["row"]] if names else pl.DataFrame()


def read_long_table(
    person_months: Frame, columns: Columns, *, states: Mapping[str, str]
) -> LongTable:
    """A table of persons and months, checked.

    Parameters
    ----------
    states : mapping of str to str
        The table's words for states, each with evalkit's.

    Raises
    ------
    EstimationError
        If a column is not there, of the wrong kind or missing in some rows, a person has two rows
        of a month or a gap between two, a word for a state is not known, or a column that belongs
        to the person changes.
    """
    table = as_polars(person_months, name="person_months")
    table = table.collect() if isinstance(table, pl.LazyFrame) else table
    named = columns.named
    _refuse_unknown(table, list(named.values()))
    if table.is_empty():
        raise _refusal(
            "There are no person-months.",
            "the table of persons and months",
            "Trials need people who are followed.",
            "look at the filter before.",
        )
    may_be_missing = ("intervention", "elapsed", "planned")
    _refuse_missing(table, [named[part] for part in named if part not in may_be_missing])
    month = _month_numbers(table[columns.month])
    rows = pl.DataFrame(
        {
            "person_id": table[columns.id].cast(pl.String),
            "month": month,
            "state": _states(table[columns.state], states),
        }
    ).with_row_index("row")
    absent = pl.Series([None]).new_from_index(0, table.height)
    rows = rows.with_columns(
        on_support=_truths(table[columns.on_support], columns.on_support)
        if columns.on_support
        else absent.cast(pl.Boolean),
        elapsed=_months(table[columns.elapsed]) if columns.elapsed else absent.cast(pl.Int32),
        planned=_months(table[columns.planned]) if columns.planned else absent.cast(pl.Int32),
        district=table[columns.district].cast(pl.String) if columns.district else pl.lit("all"),
        cluster_id=table[columns.cluster].cast(pl.String)
        if columns.cluster
        else pl.col("person_id"),
    ).sort("person_id", "month")
    _refuse_twice_or_gaps(rows, columns)
    of_person = {"district": columns.district, "cluster_id": columns.cluster}
    given = {part: name for part, name in of_person.items() if name}
    _refuse_changing(
        rows.select("person_id", **{name: part for part, name in given.items()}),
        list(given.values()),
    )
    first, last = extremes(month)
    return LongTable(
        rows,
        table,
        columns,
        first,
        last - first + 1,
        table.schema[columns.month].is_temporal(),
    )


def _month_numbers(column: pl.Series) -> pl.Series:
    """Months since the year 0; where months are numbers, the first is `_A_JANUARY`."""
    if column.dtype.is_temporal() and column.dtype not in (pl.Time, pl.Duration):
        return pl.select(month_number_expr(pl.lit(column))).to_series()
    if column.dtype.is_numeric():
        whole = column.cast(pl.Int32, strict=False)
        if (whole == column).all():
            return whole - whole.min() + _A_JANUARY
    raise _refusal(
        f"The months are neither dates nor whole numbers, but {column.dtype}.",
        f'column "{column.name}"',
        "Trials are counted in months: who starts in this one is compared with who does not.",
        'turn them into dates: pl.col("month").str.to_date("%Y-%m-%d"), or '
        "pandas.to_datetime(...).",
    )


def _states(column: pl.Series, states: Mapping[str, str]) -> pl.Series:
    words = column.cast(pl.String).replace(dict(states))
    n_unknown = int((~words.is_in(list(_STATES))).sum())
    if n_unknown:
        n_words = words.filter(~words.is_in(list(_STATES))).n_unique()
        raise _refusal(
            f"{n_unknown} rows are in {n_words} states that are not known.",
            f'column "{column.name}"',
            f"Known: {', '.join(sorted(_STATES))}.",
            'say what each word of the column means: states={"employed": "work", "on benefit": '
            '"support"}; see table["' + column.name + '"].unique().',
        )
    return words


def _truths(column: pl.Series, name: str) -> pl.Series:
    """A column of true/false, or of 1 and 0."""
    is_truth = column.dtype == pl.Boolean or (
        column.dtype.is_numeric() and bool(is_zero_or_one(column).fill_null(True).all())
    )
    if not is_truth or column.null_count():
        raise _refusal(
            f"{column.null_count()} rows are missing where true or false is needed."
            if is_truth
            else f"The column holds {column.dtype}, not true and false.",
            f'column "{name}"',
            "In every month it is so or it is not: true/false, or 1 and 0.",
            "complete the column, or make it one of true and false.",
        )
    return column.cast(pl.Boolean)


def _months(column: pl.Series) -> pl.Series:
    if not column.dtype.is_numeric():
        raise _refusal(
            f"The column holds {column.dtype}, not numbers of months.",
            f'column "{column.name}"',
            "Time on support and planned time are counted in months.",
            "turn the column into numbers; missing where nobody knows.",
        )
    return column.cast(pl.Int32, strict=False)


def _refuse_unknown(table: pl.DataFrame, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        hints = "; ".join(f'"{name}": {nearest(name, table.columns)}' for name in missing)
        raise _refusal(
            f"{len(missing)} column(s) asked for are not in the table of persons and months.",
            f"columns {', '.join(missing)}",
            f"Columns found: {first_few(table.columns, 12)}.",
            f"name a column that exists ({hints}).",
        )


def _refuse_missing(table: pl.DataFrame, names: Sequence[str]) -> None:
    counts = {name: table[name].null_count() for name in names}
    faulty = {name: count for name, count in counts.items() if count}
    if faulty:
        raise _refusal(
            f"{sum(faulty.values())} values are missing.",
            ", ".join(f'column "{name}": {count} rows' for name, count in faulty.items()),
            "Without them nobody knows whose month a row is, or what happened in it.",
            'complete or drop these rows; a state that nobody knows is "unknown".',
        )


def _refuse_twice_or_gaps(rows: pl.DataFrame, columns: Columns) -> None:
    step = rows.select(pl.col("month").diff().over("person_id")).to_series()
    n_twice, n_gaps = int((step == 0).sum()), int((step > 1).sum())
    where = f'columns "{columns.id}" and "{columns.month}"'
    if n_twice:
        raise _refusal(
            f"{n_twice} rows repeat a person's month.",
            where,
            "A person lives through a month once: two rows would count twice.",
            "keep one row per person and month, or name the column that tells people apart.",
        )
    if n_gaps:
        raise _refusal(
            f"{n_gaps} rows follow a gap in a person's months.",
            where,
            "Who has no row cannot be followed, and what came before a trial would be skipped.",
            'add a row for every month in between; a state that nobody knows is "unknown".',
        )


def _refuse_changing(rows: pl.DataFrame, names: Sequence[str]) -> None:
    """Refuse columns of which some person has more than one value; rows have a person_id."""
    if not names:
        return
    changes = rows.group_by("person_id").agg(pl.col(names).n_unique() > 1).select(names)
    n_people = {name: int(changes[name].sum()) for name in names if changes[name].any()}
    if n_people:
        raise _refusal(
            "A column that belongs to the person changes over time.",
            ", ".join(f'column "{name}": {count} persons' for name, count in n_people.items()),
            "District, cluster and weight, and what a protocol asks of a person, are the same in "
            "all of a person's months.",
            "take the value of the first month for all; what changes is measured month by month "
            "(covariates).",
        )


def _refusal(what: str, where: str, why: str, fix: str) -> EstimationError:
    return EstimationError(what, where=where, why=why, fix=fix)
