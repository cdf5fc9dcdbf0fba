"""A programme of actions as its YAML file in params/programmes/ declares it: what was planned, by
whom and where, with its source.
"""

from pydantic import Field, model_validator

from evalkit.records import Record
from evalkit.simulate.city.sections import Codes, Theme
from evalkit.simulate.city.worlds import Basis
from evalkit.vocabulary import Text


class PlannedAction(Record):
    """An action: of a district, or (without one) of all districts of the programme."""

    action_id: str
    district: str | None = None
    theme: Theme
    title: Text
    responsible: str
    target_group: str | None = None


class SetAside(Record):
    """Money that was set aside for some actions together."""

    amount: float = Field(ge=0)
    currency: str
    actions: tuple[str, ...]


class Programme(Record):
    """A programme as its source has it."""

    programme: str
    title: Text
    source: str
    licence: str
    year: int
    districts: tuple[str, ...]
    money: SetAside | None = None
    actions: tuple[PlannedAction, ...]

    @model_validator(mode="after")
    def _speaks_of_its_own(self):
        names = {action.action_id for action in self.actions}
        places = {action.district for action in self.actions if action.district}
        unknown = [
            *sorted(places - set(self.districts)),
            *sorted(set(self.money.actions if self.money else ()) - names),
        ]
        if unknown or len(names) < len(self.actions):
            raise ValueError(
                "districts and actions that the programme does not have, or the same action twice: "
                f"{', '.join(unknown) or 'an action_id stands twice'}"
            )
        return self


class CityProgramme(Record):
    """A programme in a simulated city: its file, and what the source does not say: which of the
    city's interventions an action uses, when it runs, and how far it has come. Months are counted
    from the first, 0-based; an action that is named nowhere ran to the end.
    """

    file: str
    basis: Basis
    start: int
    end: int
    uses: dict[str, Codes] = Field(default_factory=dict)
    running: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()
    stopped: dict[str, int] = Field(default_factory=dict)
    programme: Programme | None = None

    def status_of(self, action_id: str) -> str:
        """How far an action has come."""
        named = {"planned": self.planned, "running": self.running, "stopped": self.stopped}
        return next((name for name, ids in named.items() if action_id in ids), "done")

    def end_of(self, action_id: str) -> int | None:
        """The month in which an action has ended; None of one that runs or has not begun."""
        if self.status_of(action_id) in ("planned", "running"):
            return None
        return self.stopped.get(action_id, self.end)
