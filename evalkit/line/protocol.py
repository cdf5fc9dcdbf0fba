"""The target trial as data: who is eligible, what is compared, when the clock starts, what counts,
and when nothing can be said.

Months of a protocol are counted from the extract's first month, which is month 1. The trial of
month m asks of everyone who was on support in month m - 1: does the intervention start in month m?
Follow-up month k is the k-th month from the start of month m: month 1 is month m. Frame: Hernan &
Robins (2016), Am. J. Epidemiol. 183:758.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evalkit.line.adjustment import (
    MIN_CALENDAR_MONTHS,
    THIS,
    Calendar,
    Covariate,
    Exclusion,
    rules_out,
    step_term,
)
from evalkit.line.estimands import ESTIMANDS, Comparison
from evalkit.line.protocol_parts import (
    Checks,
    Eligibility,
    NextStep,
    Refusal,
    SecondReading,
    Subgroup,
    Truncation,
)
from evalkit.line.states import (
    CLOSER,
    EFFECT_OUTCOMES,
    NEXT_STEP,
    PRIMARY_AGGREGATES,
    STATES,
    WITHOUT_SUPPORT,
    members_of,
)
from evalkit.records import Record
from evalkit.vocabulary import Text


class Protocol(Record):
    """A target trial, as declared before anyone looks at outcomes."""

    protocol: str = Field(description="The protocol's name.")
    intervention_id: str = Field(description="The intervention, as the extract names it.")
    title: Text = Field(description="What pages call the intervention, by language.")
    question: Text = Field(description="The question that the effect answers, by language.")
    eligibility: Eligibility = Field(description="Who could start, and when.")
    comparisons: tuple[Comparison, ...] = Field(
        ("wait", "never"),
        description="What starting is compared with; the first is the primary one, on which "
        "money is put. wait: not starting this month. never: not starting from support within "
        "the follow-up. other: starting other_intervention_id instead; it stands alone, for "
        "other people are compared.",
    )
    other_intervention_id: str | None = Field(
        None, description="The intervention of the comparison other."
    )
    dose_hours: int | None = Field(
        None,
        ge=1,
        le=60,
        description="The strategy is to start with at least so many planned hours a week, and the "
        "comparison other, which then names no other_intervention_id, to start the same "
        "intervention with fewer. A start whose hours are not on record is in neither. Hours.",
    )
    leavers_in_month_one: Literal["stay", "excluded", "excluded_in_both"] = Field(
        "excluded",
        description="Those of the comparison who leave support in the trial month. excluded "
        "where a month's exits come before its starts or the order is not known: to start one "
        "must not have left, and to demand that of one arm only is a month of immortal time; "
        "under the comparison other both arms start, and nobody is excluded. "
        "stay where starts come first. excluded_in_both: those who start and leave in the same "
        "month are left out too, so that an intervention without effect is found to have none "
        "whatever the order is; for without_support where the order is not known, since leaving "
        "is what is counted there. Not for interventions that end support by themselves.",
    )
    grace_months: int = Field(
        0,
        ge=0,
        description="The strategy is to start in the trial month or so many months after it, "
        "each as likely as the others, while still on support; the comparison wait then does "
        "not start in any of them. 0: to start in the trial month.",
    )
    follow_up_months: int = Field(
        ge=1,
        description="How long people are followed, the month of the start being month 1. Months.",
    )
    primary_outcome: str = Field(
        "work",
        description="The outcome on which the answer rests: one of the outcomes, or an aggregate "
        "of them: any_work where subsidised work counts as work, without_support where nobody "
        "knows what people live on after support, closer where the task is to prepare: on the next "
        "step, in work, subsidised work or studies.",
    )
    outcomes: tuple[str, ...] = Field(
        description="All outcomes that are told apart; they hold the primary outcome and the "
        "state before."
    )
    next_step: NextStep | None = Field(
        None,
        description="The step that the intervention prepares for; asked for by the primary outcome "
        "closer, and for it alone.",
    )
    estimand: Literal["ATT", "ATE", "overlap"] = Field(
        "ATT",
        description="Whose effect: ATT of those who start, ATE of all who could, overlap of "
        "those who could go either way.",
    )
    truncation: Truncation = Field(
        Truncation(), description="The largest weight that one person-trial may have."
    )
    planned_months: int | None = Field(
        None,
        ge=1,
        description="Planned length of the intervention; without it the median of what was "
        "planned for those who start. Months.",
    )
    start_months: tuple[int, ...] = Field(
        (), description="Months on support for which starting is estimated apart."
    )
    stop_months: tuple[int, ...] = Field(
        (), description="Months in the intervention for which leaving is estimated apart."
    )
    dose_months: tuple[Annotated[int, Field(ge=2)], ...] = Field(
        (),
        description="To take part for at least so many months, against leaving earlier: the "
        "lengths that are estimated.",
    )
    covariates: tuple[Covariate, ...] = Field(
        description="What is adjusted for, all of it measured before time zero."
    )
    calendar: Calendar = Field(Calendar(), description="How calendar time enters.")
    subgroups: tuple[Subgroup, ...] = Field(
        (),
        description="Groups whose effects are shown apart, declared before anyone looks at "
        "outcomes.",
    )
    survey_weight: str | None = Field(
        None,
        description="The column of the person table that weighs people, where the extract is a "
        "sample.",
    )
    refusal: Refusal = Field(Refusal(), description="When an effect cannot be said.")
    second_reading: SecondReading = Field(
        SecondReading(),
        description="The other reading of the effect, by which its range is widened: what set "
        "people apart before lasts.",
    )
    checks: Checks = Field(Checks(), description="What is tried beside the effect.")
    min_districts_for_pooling: int = Field(
        3, ge=3, description="From how many districts on each one's effect leans on the others'."
    )
    assumptions: tuple[Text, ...] = Field(
        (), description="What must hold for the effect to be one, each by language."
    )

    @property
    def estimands(self) -> tuple[str, ...]:
        """Names of what is estimated, the primary one first."""
        return tuple(ESTIMANDS[comparison] for comparison in self.comparisons)

    @property
    def primary_estimand(self) -> str:
        """The estimand of the comparison that is named first, on which money is put."""
        return self.estimands[0]

    @property
    def other_start(self) -> str | None:
        """What those of the comparison other start: another intervention by its id, or the same
        one with fewer hours a week, under a name of its own; None without that comparison.
        """
        return (
            f"{self.intervention_id}_fewer_hours" if self.dose_hours else self.other_intervention_id
        )

    @property
    def calendar_terms(self) -> tuple[str, ...]:
        """Names of calendar time's columns in the models: the curve, then the steps."""
        return (*self.calendar_curve, *self.calendar_steps)

    @property
    def calendar_curve(self) -> tuple[str, ...]:
        """Names of the columns of calendar time's curve; none where the trials span less than a
        year.
        """
        n_months = self.eligibility.to_month - self.eligibility.from_month + 1
        return self.calendar.terms if n_months >= MIN_CALENDAR_MONTHS else ()

    @property
    def calendar_steps(self) -> dict[str, int]:
        """Names of the columns of breaks within the months of the trials, and the trial month from
        which each is 1.
        """
        return self.calendar.steps(self.eligibility.from_month, self.eligibility.to_month)

    def crossed_breaks(self, months: Mapping[str, int]) -> tuple[str, ...]:
        """Keys of the breaks that lie after the first trial and within the last one's follow-up,
        and that its models do not allow for.

        Parameters
        ----------
        months : mapping of str to int
            The breaks that the run knows, as `break_months` gives them.
        """
        rule = self.eligibility
        last = rule.to_month + self.follow_up_months - 1
        allowed_for = set(self.calendar_steps.values())
        return tuple(
            key
            for key, month in months.items()
            if rule.from_month < month <= last and month not in allowed_for
        )

    @property
    def is_work_observed(self) -> bool:
        """Whether the effect is told in what people live on; otherwise in months without support,
        of which nobody knows how many are work.
        """
        return self.primary_outcome != WITHOUT_SUPPORT

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """Who is left out for earlier participation, each intervention by its id."""
        return tuple(
            exclusion.model_copy(update={"of": self.intervention_of(exclusion.of)})
            for exclusion in self.eligibility.exclude_participation
        )

    @property
    def asks_for_history(self) -> bool:
        """Whether earlier participation is adjusted for or excludes people."""
        return bool(self.exclusions) or any(
            covariate.kind == "participation" for covariate in self.covariates
        )

    def intervention_of(self, of: str) -> str:
        """The id of the intervention meant by `of`, or "any"."""
        return self.intervention_id if of == THIS else of

    @model_validator(mode="after")
    def _is_coherent(self):
        classes = dict(STATES.select("outcome", "state_class").iter_rows())
        unknown = [outcome for outcome in self.outcomes if outcome not in EFFECT_OUTCOMES]
        if unknown:
            raise ValueError(f"outcomes unknown to line/states.py: {', '.join(unknown)}")
        primary = self.primary_outcome
        is_success = classes.get(primary) in ("self_support", "step")
        if primary == NEXT_STEP:
            raise ValueError(
                "the next step alone is no outcome to be judged by: whoever goes straight to work "
                f"would count against the intervention; {CLOSER} counts both"
            )
        if not is_success and primary not in PRIMARY_AGGREGATES:
            raise ValueError(
                "the primary outcome must be work, studies, a step or one of "
                f"{', '.join(PRIMARY_AGGREGATES)}; a transfer or a programme is never success"
            )
        # Without support is everything but support, whatever else people are seen to live on.
        of_primary = ("support",) if primary == WITHOUT_SUPPORT else members_of(primary)
        required = dict.fromkeys((*of_primary, self.eligibility.state_before))
        absent = [outcome for outcome in required if outcome not in self.outcomes]
        if absent:
            raise ValueError(
                "outcomes must hold the primary outcome and the state before; missing: "
                f"{', '.join(absent)}"
            )
        if primary == WITHOUT_SUPPORT and self.eligibility.state_before != "support":
            raise ValueError(
                "months without support are counted of those who are on support before the start: "
                "eligibility.state_before must be support"
            )
        if self.checks.negative_control not in (None, *self.outcomes):
            raise ValueError("checks.negative_control must be one of the outcomes")
        if self.eligibility.to_month < self.eligibility.from_month:
            raise ValueError("eligibility.to_month lies before from_month")
        others = [one for one in (self.other_intervention_id, self.dose_hours) if one is not None]
        if (self.comparisons == ("other",)) != (len(others) == 1) or len(others) > 1:
            raise ValueError(
                "the comparison other goes with other_intervention_id or with dose_hours, one of "
                "them, and stands alone"
            )
        if not self.comparisons:
            raise ValueError("comparisons needs at least one")
        if "other" in self.comparisons and self.comparisons != ("other",):
            raise ValueError("the comparison other stands alone: other people are compared")
        if self.grace_months >= self.follow_up_months:
            raise ValueError("grace_months must be shorter than the follow-up")
        if self.grace_months and (
            "other" in self.comparisons or self.truncation.censoring is not None
        ):
            raise ValueError(
                "a grace period goes with wait and never, and its weights are truncated by "
                "propensity alone"
            )
        if self.intervention_id in (
            self.other_intervention_id,
            self.eligibility.during,
            self.eligibility.after,
        ):
            raise ValueError("an intervention is not compared with, added to or put after itself")
        covariates, groups = (
            [covariate.name for covariate in self.covariates],
            ["all", *[group.name for group in self.subgroups]],
        )
        for what, names in (
            ("outcomes", self.outcomes),
            ("comparisons", self.comparisons),
            ("covariates", covariates),
            ("subgroups", groups),
        ):
            if len(set(names)) < len(names):
                raise ValueError(
                    f"{what} stand once each, under names of their own (no subgroup is called "
                    '"all")'
                )
        if any(
            covariate.kind == "history_share" and covariate.outcome not in self.outcomes
            for covariate in self.covariates
        ):
            raise ValueError("a history_share is of one of the outcomes")
        terms = [
            *(term for covariate in self.covariates for term in covariate.terms),
            *self.calendar_curve,
            *map(step_term, self.calendar.breaks),
        ]
        if len(set(terms)) < len(terms):
            raise ValueError(
                "two covariates would have a term of the same name; calendar_time is the "
                "calendar's, and so is after_BREAK for each of its breaks, named once"
            )
        return self

    @model_validator(mode="after")
    def _says_what_is_the_next_step(self):
        asked = (self.primary_outcome == CLOSER, NEXT_STEP in self.outcomes)
        if {*asked, self.next_step is not None} == {True, False}:
            raise ValueError(
                f"the primary outcome {CLOSER}, {NEXT_STEP} among the outcomes and the key "
                "next_step, which says what it is, go together"
            )
        if self.next_step is None:
            return self
        if self.eligibility.state_before != "support":
            raise ValueError(
                "the next step is taken while on support: eligibility.state_before must be support"
            )
        if self.next_step.end_reasons and "other" not in self.comparisons:
            raise ValueError(
                "next_step.end_reasons goes with the comparison other: who takes part in nothing "
                "cannot be handed over from it, and would be compared with those who can; have the "
                "interventions to which people are handed over delivered, and their starts are seen"
            )
        return self

    @model_validator(mode="after")
    def _says_who_leaves_at_once(self):
        is_asked = self.primary_outcome == WITHOUT_SUPPORT and "other" not in self.comparisons
        if is_asked and "leavers_in_month_one" not in self.model_fields_set:
            raise ValueError(
                "leavers_in_month_one has to be said where months without support are counted, "
                "since leaving in the month of the start is such a month: stay where a month's "
                "starts come before its exits, excluded_in_both where the order is not known, "
                "excluded where the intervention itself ends support"
            )
        return self

    @model_validator(mode="after")
    def _excludes_in_earnest(self):
        rule, exclusions = self.eligibility, self.exclusions
        if len({exclusion.of for exclusion in exclusions}) < len(exclusions):
            raise ValueError(
                "exclude_participation names each intervention once, by its id or as this"
            )
        if rule.during and rules_out(exclusions, rule.during, 1):
            raise ValueError(
                "exclude_participation leaves out everybody who is in the intervention of `during`"
            )
        if rule.after and rules_out(exclusions, rule.after, rule.within_months):
            raise ValueError(
                "exclude_participation leaves out everybody who took part in the intervention of "
                "`after` so lately"
            )
        counted = [
            (self.intervention_of(covariate.of), covariate.measure)
            for covariate in self.covariates
            if covariate.kind == "participation" and covariate.of
        ]
        twice = [
            of
            for of, measure in counted
            if counted.count((of, measure)) > 1
            or (measure == "ever" and (of, "months_since") in counted)
        ]
        if twice:
            raise ValueError(
                f"covariates of participation in {twice[0]} say the same twice (months_since holds "
                "ever: its term _never)"
            )
        for covariate in self.covariates:
            if covariate.kind != "participation" or not covariate.of:
                continue
            if rules_out(exclusions, self.intervention_of(covariate.of), None):
                raise ValueError(
                    f"nobody eligible took part in what the covariate {covariate.name} counts: "
                    "exclude_participation leaves them out"
                )
        return self
