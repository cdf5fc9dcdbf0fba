"""What a protocol takes for granted: columns of the person table, and a word in the report for each term of its model."""

from collections.abc import Collection, Sequence

from evalkit.errors import ProtocolError, nearest
from evalkit.protocol import Protocol

# Columns that a subgroup may ask for and nobody delivers: effects.groups makes them.
_MADE_FOR_SUBGROUPS = ("elapsed_months", "is_woman_in_weak_position")


def term_names(protocol: Protocol) -> tuple[str, ...]:
    """The names under which a protocol's covariates meet a reader, as `emulate_trials` makes them."""
    return (*(name for covariate in protocol.covariates for name in covariate.terms), *protocol.calendar_terms)


def tables_asked_for(protocols: Sequence[Protocol]) -> tuple[str, ...]:
    """The delivered tables that covariates of kind latest ask for."""
    return tuple(sorted({covariate.table for protocol in protocols for covariate in protocol.covariates if covariate.kind == "latest"}))


def refuse_missing_columns(protocols: Sequence[Protocol], person_columns: Collection[str]) -> None:
    """Refuse protocols that name columns which the person table will not have.

    Parameters
    ----------
    protocols : sequence of Protocol
        The run's protocols.
    person_columns : collection of str
        The columns of the person table: those of its contract, and the covariates that the mapping file declares.

    Raises
    ------
    ProtocolError
        Naming every such column, with the nearest one that exists.
    """
    faults = [
        f"protocol {protocol.protocol}, {place}: {column} ({nearest(column, known)})"
        for protocol in protocols
        for place, column, known in _columns_of(protocol, [*person_columns])
        if column not in known
    ]
    if faults:
        raise ProtocolError(
            f"{len(faults)} column{'s' if len(faults) > 1 else ''} that a protocol asks for will not be in the person table.",
            where="; ".join(faults),
            why="A covariate must have been measured before time zero and delivered with the person table. Nothing was run.",
            fix="mend the name, or declare the column in the mapping file (tables, person, covariates).",
        )


def _columns_of(protocol: Protocol, person_columns: list[str]) -> list[tuple[str, str, list[str]]]:
    """Where a column is asked for, its name, and the names that would do there."""
    asked = [(f"covariate {one.name}", one.column, person_columns) for one in protocol.covariates if one.kind == "person" and one.column]
    asked += [(f"subgroup {group.name}", group.column, [*person_columns, *_MADE_FOR_SUBGROUPS]) for group in protocol.subgroups]
    return asked + ([("survey_weight", protocol.survey_weight, person_columns)] if protocol.survey_weight else [])
