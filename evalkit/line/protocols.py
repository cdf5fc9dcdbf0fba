"""Protocols as files: read, held against the extract's length, filled in with what a run knows, and
told apart.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import polars as pl

from evalkit.errors import ProtocolError, nearest
from evalkit.line.calendar import break_months
from evalkit.line.protocol import Protocol
from evalkit.params import Run
from evalkit.records import hash_of, load


def load_protocol(
    path: Path | str,
    *,
    n_months: int,
    districts: Sequence[str] = (),
    breaks: Mapping[str, int] = MappingProxyType({}),
) -> Protocol:
    """Read a protocol, hold it against the extract's length and fill in the run's districts and the
    months of its breaks.

    Parameters
    ----------
    path : Path
        A YAML file in params/protocols/.
    n_months : int
        Months in the extract.
    districts : sequence of str
        The run's districts, for a covariate of that kind; the first is what the others are compared
        with.
    breaks : mapping of str to int
        The breaks that the run knows, as `break_months` gives them.

    Raises
    ------
    ParameterError
        If a key is unknown, missing or mistyped.
    ProtocolError
        If the last trial cannot be followed to its end, a declared window of the second reading
        lies outside the extract in every trial, a covariate asks for districts and there are none,
        or the protocol names a break that the run does not know, or two of one month.
    """
    protocol = _with_districts(load(path, Protocol), path, districts)
    protocol = _with_break_months(protocol, path, breaks)
    last_complete = n_months - protocol.follow_up_months + 1
    if protocol.eligibility.to_month > last_complete:
        raise ProtocolError(
            f"The last trial month, {protocol.eligibility.to_month}, is not followed for "
            f"{protocol.follow_up_months} months.",
            where=f"{path}, eligibility.to_month",
            why=f"The extract has {n_months} months; people known for part of it cannot be "
            "compared.",
            fix=f"set to_month to {last_complete} or earlier, or shorten follow_up_months.",
        )
    _refuse_windows_outside(protocol, path)
    return protocol


def _refuse_windows_outside(protocol: Protocol, path: Path | str) -> None:
    """Refuse a declared window before support that no trial can have: a period of support that
    began in the extract is at least a month old at time zero. (The default window is not refused:
    in a short extract the past then shows nothing.)
    """
    rule, last = protocol.second_reading, protocol.eligibility.to_month
    longest = last - 2
    if "window_months" in rule.model_fields_set and rule.window_months > longest:
        raise ProtocolError(
            f"A window of {rule.window_months} months before the present period of support lies "
            "outside the extract in every trial.",
            where=f"{path}, second_reading.window_months",
            why=f"The last trial is that of month {last}: of nobody all of the window is known, "
            "and there would be no second reading.",
            fix=f"shorten the window to at most {longest} months, or leave it out."
            if longest > 0
            else "leave the window out, or let the trials begin later.",
        )


def load_protocols(run: Run) -> tuple[Protocol, ...]:
    """The protocols that a run file names, held against its extract's length and with the run's own
    limits of what is shown; as `load_protocol`, and refused if two are about one intervention.
    """
    n_months, districts = run.params.extract.n_months, run.params.districts
    breaks = break_months(run)
    protocols = tuple(
        _with_limits_of(
            run,
            load_protocol(run.path(path), n_months=n_months, districts=districts, breaks=breaks),
        )
        for path in run.params.effects.protocols
    )
    interventions = [protocol.intervention_id for protocol in protocols]
    twice = sorted({name for name in interventions if interventions.count(name) > 1})
    if twice:
        raise ProtocolError(
            f"{len(twice)} intervention{'s have' if len(twice) > 1 else ' has'} more than one "
            "protocol.",
            where=f"{run.run_file.name}, effects.protocols: {', '.join(twice)}",
            why="Tables and pages name an effect by its intervention; two protocols would stand in "
            "each other's place.",
            fix="keep one of them in this run, and make a second run file for the other.",
        )
    return protocols


def _with_limits_of(run: Run, protocol: Protocol) -> Protocol:
    """The protocol with the stricter of its own limits and the run's: an effect that may not be
    shown is not estimated.
    """
    own, shown = protocol.refusal, run.params.disclosure
    limits = {
        "min_starters": max(own.min_starters, shown.min_persons),
        "max_person_weight": min(own.max_person_weight or 1, shown.max_person_weight),
    }
    return protocol.model_copy(update={"refusal": own.model_copy(update=limits)})


def protocol_of(run: Run, intervention: str = "") -> Protocol:
    """The protocol of one intervention of a run, without a name the first (see `load_protocols`).

    Raises
    ------
    ProtocolError
        If the run has no protocol of the intervention; names the nearest.
    """
    protocols = {protocol.intervention_id: protocol for protocol in load_protocols(run)}
    if not protocols:
        raise ProtocolError(
            "The run asks about no intervention.",
            where=f"{run.run_file.name}, effects.protocols: none",
            why="Without a protocol nothing says what is compared with what.",
            fix="open a run that has protocols, or add one to the run file.",
        )
    intervention = intervention or next(iter(protocols))
    if intervention not in protocols:
        raise ProtocolError(
            "The run has no protocol of this intervention.",
            where=f'{run.run_file.name}, effects.protocols: "{intervention}" '
            f"({nearest(intervention, protocols)})",
            why="Without a protocol nothing says what is compared with what.",
            fix="name an intervention of the run's protocols, or add its protocol to the run file.",
        )
    return protocols[intervention]


def interventions_of(protocols: Sequence[Protocol]) -> list[str]:
    """The ids of the interventions that protocols are about."""
    return [protocol.intervention_id for protocol in protocols]


def without_livelihood(protocols: Sequence[Protocol]) -> tuple[str, ...]:
    """The ids of the interventions of whose people it is not known what they live on after support:
    of them only what payments and places tell is valued.
    """
    return tuple(
        protocol.intervention_id for protocol in protocols if not protocol.is_work_observed
    )


def protocols_in(table: pl.DataFrame, protocols: Sequence[Protocol]) -> tuple[Protocol, ...]:
    """Those of the protocols that a table has rows of: what a failed intervention would have
    written is missing.
    """
    hashes = set(table["protocol_hash"])
    return tuple(protocol for protocol in protocols if protocol_hash(protocol) in hashes)


def protocol_hash(protocol: Protocol) -> str:
    """The protocol's identity: 12 hex digits that change with any word of it."""
    return hash_of(protocol)


def _with_districts(protocol: Protocol, path: Path | str, districts: Sequence[str]) -> Protocol:
    asking = [covariate for covariate in protocol.covariates if covariate.kind == "district"]
    if asking and not districts:
        raise ProtocolError(
            "The protocol asks for the run's districts, and none are given.",
            where=f"{path}, covariates: {asking[0].name}",
            why="One model over all districts needs a term for each of them, also where only one "
            "district's people are read.",
            fix="name the districts in the run file, or hand them to load_protocol.",
        )
    filled = tuple(
        covariate.model_copy(update={"districts": tuple(districts)})
        if covariate in asking
        else covariate
        for covariate in protocol.covariates
    )
    return protocol.model_copy(update={"covariates": filled})


def _with_break_months(protocol: Protocol, path: Path | str, breaks: Mapping[str, int]) -> Protocol:
    named = protocol.calendar.breaks
    unknown = [f"{key} ({nearest(key, breaks)})" for key in named if key not in breaks]
    if unknown:
        raise ProtocolError(
            f"{len(unknown)} break{'s' if len(unknown) > 1 else ''} of a protocol cannot be found "
            "in the run's calendar.",
            where=f"{path}, calendar.breaks: {', '.join(unknown)}",
            why="Without its month a break cannot be allowed for, and the answer would not say so.",
            fix="mend the key, or name the file that declares it in the run file "
            "(effects.calendar, as params/calendar/sweden.yaml).",
        )
    months = tuple(breaks[key] for key in named)
    if len(set(months)) < len(months):
        raise ProtocolError(
            "A protocol names two breaks of one month.",
            where=f"{path}, calendar.breaks: {', '.join(named)}",
            why="What changed in the same month cannot be told apart: one step stands for both.",
            fix="name one of them.",
        )
    calendar = protocol.calendar.model_copy(update={"break_months": months})
    return protocol.model_copy(update={"calendar": calendar})
