"""A simulated city as its YAML file in params/cities/ declares it: validated, every section with
its source and grade.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, model_validator

from evalkit.errors import ParameterError, nearest
from evalkit.records import Record, load
from evalkit.run_rules import Month
from evalkit.shipped import here_or_shipped, shipped
from evalkit.simulate.city.programme import CityProgramme, Programme
from evalkit.simulate.city.sections import (
    Accounts,
    CityIntervention,
    CommonProcess,
    Districts,
    Effects,
    Need,
    OutreachWork,
    PeopleRules,
    ProcessRules,
    ReadinessRules,
    Residents,
    RollOut,
    SupportAmounts,
)
from evalkit.simulate.city.worlds import (
    MOST_STRENGTH,
    Basis,
    CalendarTime,
    EarlierParticipation,
    Newcomers,
    NextStep,
    Selection,
    SharedWorlds,
    Switch,
    World,
    switches_of,
)
from evalkit.vocabulary import Text


class City(Record):
    """A city as data.

    worlds: switches by the name of a world, all of them off; `in_worlds` puts those that are asked
    for in the place of `earlier_participation`, `calendar`, `next_step`, `selection` and
    `newcomers`. unequal_access: by
    district what traits add to the log rate of starting anything, beside what interventions select
    on: with {female: -0.7} women start half as often as men of whom all else is the same.
    """

    city: str
    title: Text
    first_month: Month
    n_months: int = Field(ge=24, le=360)
    burn_in_months: int = Field(ge=12, le=120)
    full_city_adults: int
    full_city_basis: Basis
    districts: Districts
    people: PeopleRules
    process: ProcessRules
    readiness: ReadinessRules
    common_process: CommonProcess | None = None
    interventions: tuple[CityIntervention, ...] = Field(min_length=1)
    rollouts: tuple[RollOut, ...] = ()
    programme: CityProgramme | None = None
    accounts: Accounts | None = None
    amounts: SupportAmounts
    needs: dict[Need, float] = Field(default_factory=dict)
    needs_basis: Basis | None = None
    residents: Residents | None = None
    outreach: tuple[OutreachWork, ...] = ()
    worlds: dict[str, World] = Field(default_factory=dict)
    earlier_participation: EarlierParticipation | None = None
    calendar: CalendarTime | None = None
    unequal_access: dict[str, Effects] = Field(default_factory=dict)
    next_step: NextStep | None = None
    selection: Selection | None = None
    newcomers: Newcomers | None = None

    @model_validator(mode="after")
    def _names_its_own_districts(self):
        used = {*self.accounts.misbooked, *self.accounts.entered_twice} if self.accounts else set()
        used = used.union(*(intervention.offered_in for intervention in self.interventions))
        used |= set(self.unequal_access)
        used = used.union(*(rollout.adopted for rollout in self.rollouts))
        used = used.union(*(work.started for work in self.outreach))
        used |= set(self.common_process.kept_by_district) if self.common_process else set()
        unknown = sorted(used - set(self.district_names))
        if unknown:
            raise ValueError(f"districts that the city does not have: {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _reaches_its_own_residents(self):
        known = set(self.residents.age_groups) if self.residents else set()
        unknown = sorted({ages for work in self.outreach for ages in work.age_groups} - known)
        if unknown:
            raise ValueError(f"age groups that residents do not have: {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _prepares_by_its_own_interventions(self):
        known = {intervention.intervention_id for intervention in self.interventions}
        unknown = sorted(set(self.next_step.starts_of_higher if self.next_step else ()) - known)
        if unknown:
            raise ValueError(f"interventions that the city does not have: {', '.join(unknown)}")
        return self

    @property
    def district_names(self) -> list[str]:
        return [district.name for district in self.districts.rows]

    @property
    def switches(self) -> dict[str, Switch]:
        """What is switched on, by name."""
        return switches_of(self)

    def in_worlds(self, *names: str, strength: float | None = None) -> "City":
        """The city with the switches of some of its worlds on.

        Parameters
        ----------
        strength : float, optional
            Of the selection that one of the worlds switches on, in place of its own. 0 to
            MOST_STRENGTH.

        Raises
        ------
        ParameterError
            If the city declares no such world, two of them set the same switch, or the strength is
            out of range or of no selection.
        """
        for name in names:
            if name not in self.worlds:
                raise ParameterError(
                    f'The city {self.city} has no world called "{name}".',
                    where="world",
                    why="What a world switches on stands in the city's file, with its source.",
                    fix=nearest(name, sorted(self.worlds))
                    if self.worlds
                    else "declare it under worlds in the city's file.",
                )
        switched = [
            (switch, value)
            for name in names
            for switch, value in self.worlds[name].switches.items()
        ]
        counts = Counter(switch for switch, _ in switched)
        twice = sorted(switch for switch, count in counts.items() if count > 1)
        if twice:
            raise ParameterError(
                "Two worlds set the same switch.",
                where=f"worlds {', '.join(names)}: {', '.join(twice)}",
                why="Only one of them could hold.",
                fix="name one of these worlds.",
            )
        switches = dict(switched)
        if strength is not None:
            switches["selection"] = _of_strength(switches.get("selection"), strength)
        return self.model_copy(update=switches)


def _of_strength(selection: Switch | None, strength: float) -> Selection:
    if not isinstance(selection, Selection):
        raise ParameterError(
            "A strength is given, but no world whose selection has one.",
            where="strength",
            why="It says how strongly a world's selection works.",
            fix="name a world with a selection too, for example persistent.",
        )
    if not 0 <= strength <= MOST_STRENGTH:
        raise ParameterError(
            f"A strength of {strength:g} is out of range.",
            where="strength",
            why="1 is already selection beyond anything that the tables measure.",
            fix=f"give a number from 0 to {MOST_STRENGTH:g}.",
        )
    return selection.model_copy(update={"strength": strength})


def load_city(
    name: str,
    folder: Path | str = Path("params/cities"),
    *,
    worlds: Sequence[str] = (),
    strength: float | None = None,
) -> City:
    """The assumptions of a city, by its name or by the path of its file.

    Parameters
    ----------
    worlds : sequence of str
        Worlds of the city whose switches are on; none: the city as it is.
    strength : float, optional
        Of the selection that one of them switches on (`City.in_worlds`).

    Raises
    ------
    ParameterError
        If there is no such city or world, or its file is not as declared.
    """
    path = Path(name) if Path(name).suffix == ".yaml" else here_or_shipped(folder) / f"{name}.yaml"
    known = [file.stem for file in sorted(path.parent.glob("*.yaml"))]
    if not path.exists():
        raise ParameterError(
            f'There is no city called "{Path(name).stem}".',
            where=str(path),
            why="A city is simulated from the assumptions in its file.",
            fix=nearest(Path(name).stem, known)
            if known
            else "run from the project's folder, or give the path of the city's YAML file.",
        )
    city = _with_shared_worlds(_with_programme(load(path, City)))
    return city.in_worlds(*worlds, strength=strength)


def _with_shared_worlds(city: City) -> City:
    """The city with the worlds that every city has; its own of the same name stands."""
    shared = load(shipped("params", "cities", "worlds", "selection.yaml"), SharedWorlds)
    return city.model_copy(update={"worlds": {**shared.worlds, **city.worlds}})


def _with_programme(city: City) -> City:
    """The city with what the file of its programme declares."""
    if city.programme is None:
        return city
    planned = load(shipped("params", "programmes", f"{city.programme.file}.yaml"), Programme)
    return city.model_copy(
        update={"programme": city.programme.model_copy(update={"programme": planned})}
    )
