"""A target trial written in Python: what a protocol file declares, with defaults.

What only the data can say, which outcomes occur and how long everybody is followed, is filled in
when trials are emulated.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.errors import ProtocolError
from evalkit.line.protocol import Protocol as DeclaredProtocol
from evalkit.line.protocol_parts import Eligibility
from evalkit.line.states import EFFECT_OUTCOMES, OUTCOME_OF, OUTCOMES, WITHOUT_SUPPORT, members_of
from evalkit.records import validate
from evalkit.vocabulary import TABLE_LANGUAGE, Text

UNKNOWN = "unknown"
_WHERE = "effects.Protocol"


class Protocol:
    """A target trial, as declared before anyone looks at outcomes.

    Parameters
    ----------
    intervention_id : str
        The intervention: its name where the column of interventions holds names, any name where it
        holds true and false.
    follow_up_months : int
        How long people are followed, the month of the start being month 1. Months.
    from_month, to_month : int, optional
        The first and last month in which a trial starts; the first month of the data is month 1.
        Without to_month: the last one whose follow-up lies in the data.
    primary_outcome : str
        The outcome on which the answer rests.
    outcomes : sequence of str, optional
        All outcomes that are told apart. Without them: those that occur.
    title, question : str or mapping, optional
        What pages call the intervention and the question, as a text or by language.
    **rules
        Every other key of a protocol file as it stands there (`evalkit.line.protocol.Protocol`):
        comparisons, estimand, grace_months, planned_months, covariates, refusal, ..., and those of
        its eligibility: state_before, during, after, within_months, exclude_participation.

    Raises
    ------
    ParameterError
        If a key is unknown or mistyped, or the protocol contradicts itself.

    Examples
    --------
    >>> Protocol("training", follow_up_months=12, comparisons=["wait"])
    Protocol("training", follow_up_months=12, comparisons=['wait'])
    """

    def __init__(
        self,
        intervention_id: str,
        *,
        follow_up_months: int,
        from_month: int = 2,
        to_month: int | None = None,
        primary_outcome: str = "work",
        outcomes: Sequence[str] = (),
        title: Text | str | None = None,
        question: Text | str | None = None,
        **rules: Any,
    ):
        self.intervention_id, self.follow_up_months = intervention_id, follow_up_months
        self.primary_outcome, self.rules = primary_outcome, rules
        who: dict[str, Any] = {
            "from_month": from_month,
            "to_month": to_month,
            **rules.get("eligibility", {}),
        }
        who |= {key: rules[key] for key in rules if key in Eligibility.model_fields}
        self.from_month, self.to_month = who["from_month"], who["to_month"]
        self.outcomes, self._eligibility = tuple(outcomes), who
        self._content: dict[str, Any] = {
            "protocol": intervention_id,
            "covariates": (),
            **{key: _with_texts(value) for key, value in rules.items() if key not in who},
            "intervention_id": intervention_id,
            "follow_up_months": follow_up_months,
            "primary_outcome": primary_outcome,
            "title": _text(title or intervention_id),
            "question": _text(question or f"What does starting {intervention_id} change?"),
        }
        # Faults are told where the protocol is written, whatever the data will say.
        n_months = max(self.from_month, self.to_month or 0) + follow_up_months
        self.declared(n_months=n_months, occurring=OUTCOMES)

    def declared(self, *, n_months: int, occurring: Sequence[str]) -> DeclaredProtocol:
        """The protocol as the line has it.

        Parameters
        ----------
        n_months : int
            Months of the data.
        occurring : sequence of str
            The states or outcomes that occur in them.

        Raises
        ------
        ProtocolError
            If the data are too short for a single trial.
        """
        last = self.to_month or n_months - self.follow_up_months + 1
        if last < self.from_month:
            raise ProtocolError(
                "The data are too short for a trial.",
                where=f"{n_months} months; from_month {self.from_month}, follow_up_months "
                f"{self.follow_up_months}",
                why="Everybody is followed from the start to the end of the follow-up.",
                fix="shorten follow_up_months, or hand over more months.",
            )
        content = {
            **self._content,
            "eligibility": {**self._eligibility, "to_month": last},
            "outcomes": self.outcomes or self._told_apart(occurring),
        }
        return validate(content, DeclaredProtocol, where=_WHERE)

    def _told_apart(self, occurring: Sequence[str]) -> tuple[str, ...]:
        primary = self.primary_outcome
        before = self._eligibility.get("state_before", "support")
        needed = (before, *(() if primary == WITHOUT_SUPPORT else members_of(primary)))
        found = {*(OUTCOME_OF.get(state, state) for state in occurring), *needed} - {UNKNOWN}
        return tuple(outcome for outcome in EFFECT_OUTCOMES if outcome in found)

    def __repr__(self) -> str:
        given = {"follow_up_months": self.follow_up_months, **self.rules}
        return f'Protocol("{self.intervention_id}", ' + (
            ", ".join(f"{key}={value!r}" for key, value in given.items()) + ")"
        )


def _text(words: Text | str) -> Text:
    return {TABLE_LANGUAGE: words} if isinstance(words, str) else words


def _with_texts(value: Any) -> Any:
    """A rule whose titles may be plain texts: those of subgroups."""
    if isinstance(value, Mapping) and "title" in value:
        return {**value, "title": _text(value["title"])}
    if isinstance(value, list | tuple):
        return tuple(_with_texts(part) for part in value)
    return value
