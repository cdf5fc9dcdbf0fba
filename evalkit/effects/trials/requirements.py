"""What a protocol requires: interventions, columns of delivered tables and their values, and a word
in the report for each term of its model.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from evalkit.errors import ProtocolError, nearest
from evalkit.line.adjustment import ANY, THIS, Covariate
from evalkit.line.protocol import Protocol
from evalkit.line.protocol_parts import Subgroup


class DeliveredColumn(NamedTuple):
    """A column as its contract or mapping file declares it: its kind (string, integer, number,
    date, boolean) and its values (empty: any).
    """

    kind: str
    allowed: tuple = ()


Columns = Mapping[str, DeliveredColumn]

# Columns that a subgroup may ask for and nobody delivers: effects.groups makes them.
_MADE_FOR_SUBGROUPS = {
    "elapsed_months": DeliveredColumn("integer"),
    "is_woman_in_weak_position": DeliveredColumn("boolean"),
}
UNKNOWN = "unknown"
_NUMBERS = ("integer", "number")


class _Asked(NamedTuple):
    """A column that a protocol asks for: where it does, in which table, and what would be wrong
    with the column there.
    """

    element: str
    table: str
    column: str
    known: Columns
    fault: str | None


def term_names(protocol: Protocol) -> tuple[str, ...]:
    """The names of a protocol's terms as a reader meets them, in the order of the trials."""
    return (
        *(name for covariate in protocol.covariates for name in covariate.terms),
        *protocol.calendar_terms,
    )


def tables_asked_for(protocols: Sequence[Protocol]) -> tuple[str, ...]:
    """The delivered tables that covariates of kind latest ask for."""
    return tuple(
        sorted(
            {
                covariate.needed("table")
                for protocol in protocols
                for covariate in protocol.covariates
                if covariate.kind == "latest"
            }
        )
    )


def refuse_unfollowed_states(occurring: Collection[str], protocol: Protocol) -> None:
    """Refuse a protocol that does not follow every state that occurs; unknown months are followed
    whether or not it names them.

    Parameters
    ----------
    occurring : collection of str
        The states that occur, as outcomes.

    Raises
    ------
    ProtocolError
        Naming the states.
    """
    unfollowed = sorted(set(occurring) - {*protocol.outcomes, UNKNOWN})
    if unfollowed:
        raise ProtocolError(
            f"{len(unfollowed)} state{'s occur' if len(unfollowed) > 1 else ' occurs'} that the "
            "protocol does not follow.",
            where=f"protocol {protocol.protocol}, outcomes; states: {', '.join(unfollowed)}",
            why="In each arm the shares of all states must sum to one.",
            fix="add them to outcomes.",
        )


def refuse_unusable_columns(protocols: Sequence[Protocol], tables: Mapping[str, Columns]) -> None:
    """Refuse protocols that name columns which will not be delivered, or values which a column
    never has.

    Parameters
    ----------
    protocols : sequence of Protocol
        The run's protocols.
    tables : mapping
        Table -> column -> what its contract declares, in the person table with the covariates of
        the mapping file.

    Raises
    ------
    ProtocolError
        Naming every such column, with the nearest one that exists; or else every value that its
        column's list does not hold and every column of a kind that cannot be used there.
    """
    asked = [
        (f"protocol {protocol.protocol}, {column.element}", column)
        for protocol in protocols
        for column in _asked_by(protocol, tables)
    ]
    unknown = [(where, column) for where, column in asked if column.column not in column.known]
    missing = [
        f"{where}: {column.column} ({nearest(column.column, [*column.known])})"
        for where, column in unknown
    ]
    if missing:
        names = sorted({column.table for _, column in unknown})
        raise ProtocolError(
            f"{len(missing)} column{'s' if len(missing) > 1 else ''} that a protocol asks for will "
            f"not be in the {' and '.join(names)} table.",
            where="; ".join(missing),
            why="What a protocol asks for must have been measured before time zero and delivered. "
            "Nothing was run.",
            fix="mend the name, or declare the column in the mapping file (tables, person, "
            "covariates).",
        )
    faults = [f"{where}: {column.column} {column.fault}" for where, column in asked if column.fault]
    if faults:
        raise ProtocolError(
            f"{len(faults)} column{'s' if len(faults) > 1 else ''} cannot be what a protocol takes "
            f"{'them' if len(faults) > 1 else 'it'} for.",
            where="; ".join(faults),
            why="A condition that nobody can meet would pass unseen: nothing would be adjusted "
            "for, and a group would be empty. Nothing was run.",
            fix="mend the condition by the data contract of the column (data_contracts/, or the "
            "mapping file).",
        )


def refuse_unknown_hours(episodes: pl.DataFrame, protocol: Protocol) -> None:
    """Refuse a dose in hours where no episode of the intervention has its hours on record.

    Parameters
    ----------
    episodes : DataFrame
        The table of that name, of all districts.

    Raises
    ------
    ProtocolError
        Naming the protocol and the column.
    """
    if protocol.dose_hours is None:
        return
    own = episodes.filter(pl.col("intervention_id") == protocol.intervention_id)
    if own["hours_per_week"].null_count() == len(own):
        raise ProtocolError(
            "The hours a week of an intervention are on record for none of its starts.",
            where=f"protocol {protocol.protocol}, dose_hours; table participation, column "
            "hours_per_week",
            why="Who starts with more hours cannot be told from who starts with fewer.",
            fix="have hours_per_week delivered, or take dose_hours from the protocol.",
        )


def refuse_unknown_interventions(protocols: Sequence[Protocol], intervention: pl.DataFrame) -> None:
    """Refuse protocols that name interventions which the extract does not have.

    Parameters
    ----------
    protocols : sequence of Protocol
        The run's protocols.
    intervention : DataFrame
        The delivered table of that name.

    Raises
    ------
    ProtocolError
        Naming every such intervention, where it is asked for, and the nearest one that exists.
    """
    known = intervention["intervention_id"].to_list()
    faults = [
        f"protocol {protocol.protocol}, {element}: {name} ({nearest(name, known)})"
        for protocol in protocols
        for element, name in _interventions_of(protocol)
        if name not in known
    ]
    if faults:
        raise ProtocolError(
            f"{'Interventions' if len(faults) > 1 else 'An intervention'} that a protocol names "
            f"will not be found: {len(faults)}.",
            where="; ".join(faults),
            why="The extract does not have it. Nobody would have started it, be left out or "
            "adjusted for it, and the answer would not say so.",
            fix="mend the name, or have the intervention delivered in the table intervention.",
        )


def _interventions_of(protocol: Protocol) -> Iterator[tuple[str, str]]:
    """Where a protocol names an intervention, and its id."""
    rule = protocol.eligibility
    yield "intervention_id", protocol.intervention_id
    for element, name in (
        ("other_intervention_id", protocol.other_intervention_id),
        ("during", rule.during),
        ("after", rule.after),
    ):
        if name:
            yield element, name
    adjustments = [
        ("exclude_participation", left_out.of) for left_out in rule.exclude_participation
    ]
    adjustments += [
        (f"covariate {covariate.name}", covariate.of)
        for covariate in protocol.covariates
        if covariate.of
    ]
    yield from ((element, of) for element, of in adjustments if of not in (THIS, ANY))


def _asked_by(protocol: Protocol, tables: Mapping[str, Columns]) -> Iterator[_Asked]:
    person = tables["person"]
    for covariate in protocol.covariates:
        if covariate.kind in ("person", "latest"):
            table = covariate.table or "person"
            known = tables.get(table, {})
            yield _Asked(
                f"covariate {covariate.name}",
                table,
                covariate.needed("column"),
                known,
                _fault_of_covariate(covariate, known.get(covariate.needed("column"))),
            )
    for group in protocol.subgroups:
        known = {**person, **_MADE_FOR_SUBGROUPS}
        yield _Asked(
            f"subgroup {group.name}",
            "person",
            group.column,
            known,
            _fault_of_group(group, known.get(group.column)),
        )
    if protocol.survey_weight:
        column = person.get(protocol.survey_weight)
        fault = "is no number" if column and column.kind not in _NUMBERS else None
        yield _Asked("survey_weight", "person", protocol.survey_weight, person, fault)


def _fault_of_covariate(covariate: Covariate, column: DeliveredColumn | None) -> str | None:
    if column is None:
        return None
    if column.kind == "date":
        return "is a date"
    if column.kind == "string":
        return (
            "is a text and needs equals"
            if covariate.equals is None
            else _never(covariate.equals, column)
        )
    return None if covariate.equals is None else f"is {_called(column)} and needs no equals"


def _fault_of_group(group: Subgroup, column: DeliveredColumn | None) -> str | None:
    if column is None:
        return None
    if group.equals is None:
        return (
            None
            if column.kind in _NUMBERS
            else f"is {_called(column)} and has no at_least or below"
        )
    if column.kind == "boolean":
        return (
            None if isinstance(group.equals, bool) else "is true or false, written without quotes"
        )
    if column.kind == "string":
        return (
            "is a text, not true or false"
            if isinstance(group.equals, bool)
            else _never(group.equals, column)
        )
    return f"is {_called(column)} and needs at_least or below"


def _never(value: str, column: DeliveredColumn) -> str | None:
    """The fault of a value that the column's list does not hold."""
    if not column.allowed or value in column.allowed:
        return None
    return f'is never "{value}" (values: {", ".join(map(str, column.allowed))})'


def _called(column: DeliveredColumn) -> str:
    return {"string": "a text", "date": "a date", "boolean": "true or false"}.get(
        column.kind, "a number"
    )
