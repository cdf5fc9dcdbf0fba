"""What is enough: the tables and columns that a run file asks for, and the question that each
delivered table or column answers.

Persons and payments are enough for a page about support: their contracts alone call them required,
and monthly records hold both. Everything else is asked for by a key of
the run file, or adds something where it is there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from evalkit.line.protocol import Protocol

Question = Literal[
    "support",
    "households",
    "groups",
    "payments",
    "beginnings",
    "exits",
    "outcomes",
    "effects",
    "plans",
    "places",
    "exchange",
    "roll_outs",
    "adjustment",
    "activity",
    "ladder",
    "readiness",
    "needs",
    "content",
    "outreach",
    "population",
    "process",
    "money",
    "access",
]
HOUSEHOLDS = "household_member"
WHOLE_TABLE = "all"
# Columns that a subgroup may ask for and nobody delivers, with those of person behind them.
MADE_FOR_SUBGROUPS: Mapping[str, tuple[str, ...]] = {
    "elapsed_months": (),
    "is_woman_in_weak_position": ("sex", "education", "origin"),
}
# The question of each table, and of each column that carries one of its own.
ANSWERS: Mapping[tuple[str, str], Question] = {
    ("person", WHOLE_TABLE): "support",
    ("income_support", WHOLE_TABLE): "support",
    ("household_member", WHOLE_TABLE): "households",
    ("intervention", WHOLE_TABLE): "effects",
    ("participation", WHOLE_TABLE): "effects",
    ("livelihood", WHOLE_TABLE): "outcomes",
    ("capacity", WHOLE_TABLE): "places",
    ("action", WHOLE_TABLE): "roll_outs",
    ("assessment", WHOLE_TABLE): "adjustment",
    ("account", WHOLE_TABLE): "money",
    ("plan", WHOLE_TABLE): "process",
    ("follow_up", WHOLE_TABLE): "process",
    ("activity_plan", WHOLE_TABLE): "activity",
    ("activity_month", WHOLE_TABLE): "activity",
    ("need", WHOLE_TABLE): "needs",
    ("outreach", WHOLE_TABLE): "outreach",
    ("population", WHOLE_TABLE): "population",
    ("intervention", "content"): "content",
    ("person", "birth_year"): "groups",
    ("person", "sex"): "groups",
    ("person", "origin"): "access",
    ("person", "education"): "access",
    ("household_member", "support_obstacle"): "groups",
    ("income_support", "decision"): "payments",
    ("income_support", "amount"): "payments",
    ("income_support", "support_since"): "beginnings",
    ("income_support", "exit_reason"): "exits",
    ("participation", "end_reason"): "exits",
    ("intervention", "ladder_step"): "ladder",
    ("follow_up", "is_motivated"): "readiness",
    ("participation", "planned_end"): "plans",
    ("participation", "provider_district"): "exchange",
}


@dataclass(frozen=True)
class Need:
    """A table, or a column of it, that a key of the run file asks for.

    `key` names what asks, in words; `instead` are columns any one of which does as well.
    """

    table: str
    key: str
    column: str | None = None
    instead: tuple[tuple[str, str], ...] = ()


def needs_of(protocols: Sequence["Protocol"]) -> tuple[Need, ...]:
    """What the protocols of a run ask for beside persons and payments, each with the key that
    does.
    """
    needs = [need for protocol in protocols for need in _of_protocol(protocol)]
    return tuple(dict.fromkeys(needs))


def _of_protocol(protocol: "Protocol") -> Iterator[Need]:
    place = f"effects.protocols, protocol {protocol.protocol}"
    for table in ("intervention", "participation"):
        yield Need(table, place)
    if protocol.dose_hours:
        yield Need("participation", f"{place}: dose_hours", "hours_per_week")
    if protocol.next_step:
        yield Need("intervention", f"{place}: next_step.ladder_step", "ladder_step")
        if protocol.next_step.end_reasons:
            yield Need("participation", f"{place}: next_step.end_reasons", "end_reason")
    state = protocol.eligibility.state_before
    if state != "support":
        yield Need("livelihood", f"{place}: eligibility.state_before {state}")
    if protocol.is_work_observed:
        yield Need(
            "livelihood",
            f"{place}: primary_outcome {protocol.primary_outcome}",
            instead=(("income_support", "exit_reason"), ("participation", "end_reason")),
        )
    for covariate in protocol.covariates:
        key = f"{place}: covariate {covariate.name}"
        if covariate.kind == "history_share" and covariate.outcome != "support":
            yield Need("livelihood", key)
        if covariate.kind == "person":
            yield Need("person", key, covariate.needed("column"))
        if covariate.kind == "latest":
            yield Need(covariate.needed("table"), key)
            yield Need(covariate.needed("table"), key, covariate.needed("column"))
    for group in protocol.subgroups:
        for column in MADE_FOR_SUBGROUPS.get(group.column, (group.column,)):
            yield Need("person", f"{place}: subgroup {group.name}", column)
    if protocol.survey_weight:
        yield Need("person", f"{place}: survey_weight", protocol.survey_weight)
