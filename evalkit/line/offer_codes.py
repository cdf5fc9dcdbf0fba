"""What the codes of the table of interventions say about the offer: work tasks, the needs that are
answered, and whom outreach is for, as a file declares them (params/offer/).

A run names the file, or reads the one that comes with evalkit.
"""

from typing import Literal

from pydantic import Field, model_validator

from evalkit.params import Run
from evalkit.records import Record, load
from evalkit.shipped import shipped
from evalkit.vocabulary import Grade, Text

Tradition = Literal["men", "women", "neither"]
Code = str


class Area(Record):
    """What is done in an intervention, by the codes of its content."""

    area: Code = Field(description="The name by which tables name it.")
    codes: tuple[Code, ...] = Field(
        min_length=1, description="The codes of `content` that say so; each stands in one area."
    )
    tradition: Tradition | None = Field(
        None,
        description="With whom the work task is traditionally usual; left out where it is no work "
        "task, or one that the codes do not tell.",
    )
    name: Text | None = Field(
        None,
        description="What pages call it, by language; left out where evalkit has a word for it.",
    )


class AnsweredNeed(Record):
    """Which interventions answer a need."""

    need: Code = Field(description="The need, as the table of needs names it.")
    kinds: tuple[Code, ...] = Field((), description="Kinds of intervention that answer it.")
    codes: tuple[Code, ...] = Field((), description="Codes of `content` that answer it.")
    groups: tuple[Code, ...] = Field(
        (),
        description="Target groups: where some are named, the intervention has to be for one of "
        "them too.",
    )
    grade: Grade = Field(description="How sure: H from the municipality itself, L judgement.")


class OutreachGroup(Record):
    """Whom outreach is for: whose number in the population could be reached."""

    target_group: Code = Field(description="The group, as the table of outreach names it.")
    from_age: int = Field(ge=0, description="The youngest age. Years.")
    to_age: int = Field(le=110, description="The oldest age. Years.")
    sex: Literal["female", "male", "all"] = Field("all", description="Of which sex.")
    name: Text | None = Field(
        None,
        description="What pages call it, by language; left out where evalkit has a word for it.",
    )


class OfferCodes(Record):
    """A file of params/offer/."""

    file: str = Field(description="The file's name.")
    title: Text = Field(description="What it holds, by language.")
    areas: tuple[Area, ...] = Field(description="What is done.")
    areas_source: Text = Field(description="From whom, by language.")
    areas_grade: Grade = Field(description="How sure what is said of the areas is.")
    needs: tuple[AnsweredNeed, ...] = Field(description="What answers each need.")
    needs_source: Text = Field(description="From whom, by language.")
    outreach: tuple[OutreachGroup, ...] = Field((), description="Whom outreach is for.")
    outreach_source: Text = Field(description="From whom, by language.")

    @model_validator(mode="after")
    def _names_each_once(self):
        for what, names in (
            ("areas", [area.area for area in self.areas]),
            ("codes of areas", [code for area in self.areas for code in area.codes]),
            ("needs", [one.need for one in self.needs]),
            ("outreach", [one.target_group for one in self.outreach]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{what} that stand twice: {', '.join(twice)}")
        return self

    def names(self) -> dict[str, Text]:
        """What pages call areas and target groups that the file names, by the key of the word."""
        return {
            **{f"area.{one.area}": one.name for one in self.areas if one.name},
            **{f"outreach.{one.target_group}": one.name for one in self.outreach if one.name},
        }


def offer_codes(run: Run) -> OfferCodes:
    """What the run's codes say: its own file, or the one that comes with evalkit.

    Raises
    ------
    ParameterError
        If the file is missing or faulty.
    """
    own = run.params.monitoring.offer
    path = run.path(own) if own else shipped("params", "offer", "sweden.yaml")
    return load(path, OfferCodes)
