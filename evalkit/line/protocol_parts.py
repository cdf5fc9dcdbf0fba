"""The parts of a protocol: who is eligible, the largest weights, when nothing can be said, what is
tried beside the effect, and for whom it is told apart.
"""

from pydantic import Field, model_validator

from evalkit.line.adjustment import Exclusion
from evalkit.records import Record
from evalkit.vocabulary import Text


class Eligibility(Record):
    """Who could start in a trial: in which months, from which state, after what."""

    from_month: int = Field(
        ge=2,
        description="The first month in which a trial starts, counted from the extract's first "
        "month, which is month 1.",
    )
    to_month: int = Field(
        description="The last month in which a trial starts; everybody must be followed to the "
        "end of its follow-up inside the extract."
    )
    state_before: str = Field("support", description="The state in the month before the trial.")
    during: str | None = Field(
        None,
        description="An intervention that must be running in the month before; the strategy "
        "then adds to it (parallel).",
    )
    after: str | None = Field(
        None,
        description="An intervention that must have ended in the last within_months months "
        "before the trial month, and not go on in it (a sequence).",
    )
    within_months: int = Field(
        3,
        ge=1,
        description="Within how many months before the trial the intervention of `after` ended."
        " Months.",
    )
    exclude_participation: tuple[Exclusion, ...] = Field(
        (),
        description="Who is left out of a trial for what they took part in before it, a running"
        " stay in another intervention included.",
    )


class Truncation(Record):
    """The largest weight that one person-trial may have: no truncation where null."""

    propensity: float | None = Field(
        None,
        ge=1,
        description="The largest weight of a comparison, as times a person who starts (survey "
        "weight apart).",
    )
    censoring: float | None = Field(
        None,
        ge=1,
        description="The largest weight for not having started since: inverse probability.",
    )


class NextStep(Record):
    """The step that follows an intervention which prepares for it. From it on months on support are
    told apart, in both arms alike, and count as closer to work.
    """

    ladder_step: int = Field(
        ge=2,
        le=9,
        description="Whoever starts an intervention of this step of the ladder (ladder_step of the "
        "table intervention) or a higher one takes the next step. The interventions that are "
        "compared stand on lower ones.",
    )
    end_reasons: tuple[str, ...] = Field(
        (),
        description="Reasons for which an intervention ended (end_reason of the table "
        "participation) by which a person was handed over, which is the next step too. With the "
        "comparison other alone: who takes part in nothing cannot be handed over from it.",
    )
    holds_months: int = Field(
        3,
        ge=0,
        le=12,
        description="How long a step still counts after it ended, and a hand-over after it was "
        "made. Three: until the follow-up after it. Months.",
    )


class Refusal(Record):
    """The limits below or above which an effect "cannot be said"."""

    min_starters: int = Field(
        10,
        ge=1,
        description="The fewest people who start, and who are compared with them. A run's own "
        "limit (disclosure.min_persons) holds where it is larger.",
    )
    max_person_weight: float | None = Field(
        None,
        gt=0,
        le=1,
        description="The largest share of an arm's weight that one person may have in all their "
        "trials. A run's own limit (disclosure.max_person_weight) holds where it is smaller. 0 to "
        "1.",
    )
    min_effective_sample_size: float = Field(
        10,
        ge=1,
        description="The fewest people of equal weight that the comparison is worth, however "
        "many trials each of them stands in.",
    )
    max_abs_smd: float | None = Field(
        None,
        gt=0,
        description="The largest difference of a covariate after weighting, in standard "
        "deviations.",
    )
    max_share_outside_support: float | None = Field(
        None,
        ge=0,
        le=1,
        description="The largest share of starters to whom nobody compares. 0 to 1.",
    )
    min_share_unassigned: float | None = Field(
        0.05,
        gt=0,
        lt=1,
        description="Of those who could start, the smallest share that is in no intervention, in "
        "any three months of trials on end. Where it stays below that up to the last trial, "
        "nobody is left to compare with and the effect cannot be said: end to_month before, or "
        "ask another question (params/protocols/templates/). null: to wait may mean to be in "
        "another intervention. 0 to 1.",
    )


class SecondReading(Record):
    """The other reading of an effect: what those who started gained beyond what had set them apart
    before their present period of support. Its outcome are the months in the primary outcome of the
    follow-up less those of a window before the period began, scaled; its weights leave out what the
    register holds of the past (`evalkit.effects.trust.second_reading`).
    """

    window_months: int = Field(
        12,
        ge=1,
        le=60,
        description="The window: so many months that end where the present period of support "
        "began. Months.",
    )
    scale: float | None = Field(
        None,
        gt=0,
        description="For how many months of the follow-up a month of the window stands: what set "
        "people apart is taken to last unchanged. null: the follow-up divided by the window.",
    )
    min_share_with_past: float = Field(
        0.2,
        ge=0,
        le=1,
        description="The smallest share of those who start that has any month in the primary "
        "outcome in the window, and all of the window on record. Below it the past shows nothing. "
        "0 to 1.",
    )

    def scale_to(self, follow_up_months: int) -> float:
        """For how many months of a follow-up a month of the window stands."""
        return self.scale or follow_up_months / self.window_months


class Checks(Record):
    """What is tried beside the effect, and from when on a check warns."""

    negative_control: str | None = Field(
        None, description="An outcome that the intervention cannot change."
    )
    alpha: float = Field(
        0.05, gt=0, lt=1, description="The level of the placebo tests together, after Holm."
    )
    relevant_share: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="The smallest difference in the primary outcome's share in the last month "
        "that would matter; where the detectable difference is larger, finding nothing says "
        "nothing. 0 to 1.",
    )


class Subgroup(Record):
    """A group declared before anyone looks at outcomes, by a condition on a column of the person
    table.
    """

    name: str = Field(description="The group's name in tables.")
    title: Text = Field(description="What pages call it, by language.")
    column: str = Field(
        description="The column of the person table, or elapsed_months (months on support so far)."
    )
    equals: str | bool | None = Field(
        None, description="The value that the column has: a text or true/false."
    )
    at_least: float | None = Field(None, description="The least value, inclusive.")
    below: float | None = Field(
        None, description="The value from which on one is no longer in the group."
    )

    @model_validator(mode="after")
    def _has_one_condition(self):
        is_range = self.at_least is not None or self.below is not None
        if (self.equals is not None) == is_range:
            raise ValueError("a subgroup needs either equals, or at_least or below (or both)")
        return self
