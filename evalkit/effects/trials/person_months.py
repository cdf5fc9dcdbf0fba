"""Target trials from one long table, one row per person and month: the tables of the line are made
of it, so that every convention is the line's.

A month on support is one in the protocol's state before, unless a column says who is on support.
Months before a person's first row and after the last are unknown, as in the line.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from evalkit.effects.trials.long_table import Columns, LongTable, read_long_table
from evalkit.effects.trials.python_protocol import UNKNOWN, Protocol
from evalkit.effects.trials.requirements import refuse_unknown_interventions
from evalkit.effects.trials.target_trial import Trials, trials_of_tables
from evalkit.errors import ProtocolError
from evalkit.frames import Frame
from evalkit.line.protocol import Protocol as DeclaredProtocol
from evalkit.line.states import OUTCOME_OF
from evalkit.months import month_of_number, month_of_number_expr


def emulate_trials(
    person_months: Frame,
    *,
    id: str,
    month: str,
    state: str,
    intervention: str,
    protocol: Protocol | DeclaredProtocol,
    covariates: Sequence[str] | str = (),
    states: Mapping[str, str] | None = None,
    on_support: str | None = None,
    elapsed: str | None = None,
    planned: str | None = None,
    district: str | None = None,
    cluster: str | None = None,
    weight: str | None = None,
) -> Trials:
    """The trials of every month that a protocol declares, from one table of persons and months.

    Parameters
    ----------
    person_months : table
        One row per person and month, as polars, pandas or Arrow; between a person's first and last
        row no month is left out.
    id, month : str
        Columns: the person; the month, as dates (any day of it) or whole numbers.
    state : str
        Column: what the person lives on in the month, in the words of evalkit.line.states (support,
        work, studies, ...), or in others with `states`.
    intervention : str
        Column: whether the intervention runs in the month (true/false or 1/0), or which one does
        (text; missing: none). It starts in the first of its months.
    protocol : Protocol
        The declared trial, written in Python (`evalkit.effects.Protocol`) or read from a file.
    covariates : sequence of str, or str
        Columns measured in the month before time zero, beside the protocol's own covariates:
        numbers, true/false, categories, or a formula (`survival.cox` takes the same).
    states : mapping of str to str, optional
        The table's words for states, each with evalkit's: {"employed": "work"}.
    on_support : str, optional
        Column (true/false): on support, whatever the state. Without it: in the protocol's state
        before.
    elapsed : str, optional
        Column: months on support before this one, missing where nobody knows. Only the first month
        of a spell is read. Without it: counted, and not known for spells that begin with the table.
    planned : str, optional
        Column: months planned at a start. Only the first month of a stay is read.
    district, cluster, weight : str, optional
        Columns: where the person lives, who varies together (a household; without it the person),
        and for how many people the person stands. Each the same in all of a person's months.

    Returns
    -------
    Trials
        Rows sorted by person and trial month; the first month of the table is month 1.

    Raises
    ------
    EstimationError
        If a column is not there or of the wrong kind, values are missing, a person has two rows of
        a month or a gap, or a covariate cannot be used; names columns and how many rows.
    ProtocolError
        If nobody is eligible, a state occurs that the protocol does not follow, or the follow-up
        does not lie in the data.
    """
    long = read_long_table(
        person_months,
        Columns(
            id,
            month,
            state,
            intervention,
            on_support,
            elapsed,
            planned,
            district,
            cluster,
            weight,
        ),
        states=states or {},
    )
    declared = _declared(protocol, long)
    running = long.interventions(declared.intervention_id)
    if long.is_intervention_named:
        names = running.drop_nulls().unique().alias("intervention_id")
        refuse_unknown_interventions([declared], names.to_frame())
    before = pl.col("state").replace(OUTCOME_OF) == declared.eligibility.state_before
    rows = long.rows.with_columns(
        intervention_id=running, on_support=pl.coalesce("on_support", before)
    )
    return trials_of_tables(
        _spells(rows, long),
        _episodes(rows, long),
        protocol=declared,
        state_intervals=_intervals(rows, long),
        person=long.persons(_columns_of_persons(declared, long)),
        first_month=month_of_number(long.first),
        measured=long.measured(covariates) if len(covariates) else None,
    )


def _declared(protocol: Protocol | DeclaredProtocol, long: LongTable) -> DeclaredProtocol:
    """The protocol with what the table tells: its outcomes and last trial where they are not
    declared, its districts, and its weight.
    """
    if isinstance(protocol, Protocol):
        occurring = long.rows["state"].unique().to_list()
        protocol = protocol.declared(n_months=long.n_months, occurring=occurring)
    if not long.is_dated and any(one.kind == "season" for one in protocol.covariates):
        raise ProtocolError(
            "The protocol adjusts for the season, and the table has no calendar.",
            where=f'protocol {protocol.protocol}, covariates; column "{long.columns.month}"',
            why="Months that are numbers do not say which of them are Januaries.",
            fix="hand over months as dates, or leave the season out.",
        )
    districts = tuple(long.rows["district"].unique().sort())
    covariates = tuple(
        covariate.model_copy(update={"districts": districts})
        if covariate.kind == "district" and not covariate.districts
        else covariate
        for covariate in protocol.covariates
    )
    weight = long.columns.weight or protocol.survey_weight
    return protocol.model_copy(update={"covariates": covariates, "survey_weight": weight})


def _columns_of_persons(protocol: DeclaredProtocol, long: LongTable) -> list[str]:
    """The columns that the protocol asks of a person; of subgroups those that are there."""
    asked = [one.needed("column") for one in protocol.covariates if one.kind == "person"]
    asked += [one.column for one in protocol.subgroups if one.column in long.table.columns]
    return list(dict.fromkeys([*asked, *filter(None, [protocol.survey_weight])]))


def _spells(rows: pl.DataFrame, long: LongTable) -> pl.DataFrame:
    """The table support_spells: months in a row on support."""
    runs = _runs(rows.filter("on_support"), "person_id")
    if long.columns.elapsed is None:
        runs = runs.with_columns(elapsed=pl.when(pl.col("start") > long.first).then(0))
    return runs.select(
        "person_id",
        "cluster_id",
        "district",
        start=month_of_number_expr(pl.col("start") - pl.col("elapsed").fill_null(0)),
        end=month_of_number_expr("stop"),
        is_start_known=pl.col("elapsed").is_not_null(),
    )


def _episodes(rows: pl.DataFrame, long: LongTable) -> pl.DataFrame:
    """The table episodes: months in a row in the same intervention. One that runs in the table's
    last month has no known end.
    """
    runs = _runs(rows.drop_nulls("intervention_id"), "person_id", "intervention_id")
    is_over = pl.col("stop") < long.first + long.n_months
    return runs.select(
        "person_id",
        "intervention_id",
        start=month_of_number_expr("start"),
        end=pl.when(is_over).then(month_of_number_expr("stop")),
        planned_months="planned",
        hours_per_week=pl.lit(None, dtype=pl.Float64),
    )


def _intervals(rows: pl.DataFrame, long: LongTable) -> pl.DataFrame:
    """The table state_intervals, every person from the first month to the last; what has no row is
    unknown.
    """
    runs = _runs(rows, "person_id", "state").select(
        "person_id", "state", start=pl.col("start") - long.first, stop=pl.col("stop") - long.first
    )
    edges = runs.group_by("person_id", maintain_order=True).agg(
        pl.col("start").min(), pl.col("stop").max()
    )
    unknown, n_months = pl.lit(UNKNOWN).alias("state"), pl.lit(long.n_months, pl.Int32)
    before = edges.filter(pl.col("start") > 0).select(
        "person_id", unknown, start=pl.lit(0, pl.Int32), stop="start"
    )
    after = edges.filter(pl.col("stop") < n_months).select(
        "person_id", unknown, start="stop", stop=n_months
    )
    return (
        pl.concat([runs, before, after])
        .sort("person_id", "start")
        .rename({"state": "from_state", "start": "start_month", "stop": "stop_month"})
    )


def _runs(rows: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Months that follow each other and are alike in some columns, as one row from `start` to
    `stop`, with what its first month tells.
    """
    is_new = (pl.struct(names) != pl.struct(names).shift(1)) | (pl.col("month").diff() != 1)
    run = rows.with_columns(run=is_new.fill_null(True).cum_sum())
    return (
        run.group_by("run", maintain_order=True)
        .agg(pl.all().first(), stop=pl.col("month").last() + 1)
        .with_columns(start="month")
    )
