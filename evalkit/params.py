"""Parameters: what a run file says, and a run as its notebooks see it."""

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from evalkit.errors import ParameterError, nearest
from evalkit.line.delivered import FOLLOWED, delivered
from evalkit.monitoring_rules import MonitoringRules
from evalkit.months import add_months, month_number, month_of_key
from evalkit.reads import PASSWORD_VARIABLE, traced
from evalkit.records import Record, validate
from evalkit.run_rules import (
    AllocationRules,
    DisclosureRules,
    EffectRules,
    Month,
    SpellRules,
    SurvivalRules,
    ValueRules,
)
from evalkit.runs import RUN_RECORD, find_run
from evalkit.tables import CITY
from evalkit.vocabulary import REPORT_LANGUAGES, Language, Text

DatabaseUri = Annotated[str, Field(pattern=r"^[a-z]+://")]
_PASSWORD_IN_URI = re.compile(r"^[a-z]+://[^/@]*:[^/@]*@")
# Databases that are a file of this computer, by the beginning of their URI.
_FILE_DATABASES = ("sqlite://", "duckdb://")


class Extract(Record):
    """Where the extract lies and how far it reaches."""

    folder: DatabaseUri | Path = Field(
        union_mode="left_to_right",
        description="The folder of the delivered files, or the URI of a database "
        "(sqlite:///absolute/path, duckdb:///absolute/path, postgresql://user@host/name). Never"
        " with a password.",
    )
    mapping: Path | None = Field(
        None,
        description="The mapping file: how the delivered files differ from the contracts. "
        "Without it columns and codes are taken as the contracts name them.",
    )
    first_month: Month = Field(description="The first month that is delivered, as 2019-01.")
    data_through: date | dict[str, date] = Field(
        description="The last month known: one month for all tables, or one month for each "
        "table with dates (income_support: 2026-06, participation: 2026-05, ...)."
    )
    reporting_lag_months: int = Field(
        0,
        ge=0,
        description="For how many of the last months payments may still be missing when the "
        "extract is drawn. Months.",
    )
    max_rejected_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="The largest share of a table's rows that may be set aside before the run "
        "stops. 0 to 1.",
    )
    max_listed_per_rule: int = Field(
        10_000,
        ge=1,
        description="How many of the rows that break one rule of a table are listed, at most.",
    )
    is_simulated: bool = Field(
        False,
        description="Whether nobody in the extract exists; its numbers bear a grade of their "
        "own, and the page says so.",
    )

    @field_validator("folder")
    @classmethod
    def _holds_no_password(cls, folder: Path | str) -> Path | str:
        if isinstance(folder, str) and _PASSWORD_IN_URI.match(folder):
            raise ValueError(
                "a password may not stand in a run file; give it in the environment variable "
                + PASSWORD_VARIABLE
            )
        return folder

    @field_validator("data_through", mode="before")
    @classmethod
    def _months(cls, through: Any) -> Any:
        if not isinstance(through, dict):
            return month_of_key(through)
        return {table: month_of_key(month, within=str(table)) for table, month in through.items()}

    @field_validator("data_through")
    @classmethod
    def _names_the_dated_tables(cls, through: date | dict[str, date]) -> date | dict[str, date]:
        if isinstance(through, dict):
            dated = [name for name, one in delivered().items() if pl.Date in one.schema.values()]
            unknown = [
                f'"{table}" ({nearest(table, dated)})' for table in through if table not in dated
            ]
            missing = [table for table in FOLLOWED[:1] if table not in through]
            if unknown or missing:
                raise ValueError(
                    f"unknown or undated tables: {', '.join(unknown) or 'none'}; tables to add: "
                    f"{', '.join(missing) or 'none'}"
                )
        return through

    @property
    def follow_up_through(self) -> date:
        """The last month in which everything that follow-up rests on is known: the earliest of the
        tables of FOLLOWED that have a month; intake refuses a month of one that was not delivered.
        """
        return (
            min(month for table, month in self.data_through.items() if table in FOLLOWED)
            if isinstance(self.data_through, dict)
            else self.data_through
        )

    @property
    def n_months(self) -> int:
        """How many months are followed, the first and the last included."""
        return month_number(self.follow_up_through) - month_number(self.first_month) + 1


class RunFile(Record):
    """Everything a run needs to know: one YAML file in params/."""

    run: str = Field(
        description="The run's name, which its folder bears: letters, digits, _, - and . only."
    )
    title: Text = Field(description="What the report is called, by language.")
    languages: tuple[Language, ...] = Field(
        REPORT_LANGUAGES,
        min_length=1,
        description="The languages of the report, the first one first.",
    )
    districts: tuple[str, ...] = Field(
        min_length=1, description="The districts, as the extract names them."
    )
    districts_are: Literal["districts", "municipalities"] = Field(
        "districts", description="What the report calls the districts."
    )
    seed: int = Field(
        description="The number from which all random draws follow: the same number gives the "
        "same report."
    )
    contracts: Path = Field(
        Path("../data_contracts"), description="The folder of the data contracts."
    )
    notebooks: Path = Field(Path("../notebooks"), description="The folder of the notebooks.")
    extract: Extract = Field(description="What was delivered.")
    spells: SpellRules = Field(
        SpellRules(), description="How paid months become spells on support."
    )
    survival: SurvivalRules = Field(SurvivalRules(), description="How time on support is shown.")
    effects: EffectRules = Field(
        EffectRules(), description="Which interventions' effects are estimated."
    )
    value: ValueRules = Field(ValueRules(), description="How effects are valued.")
    allocation: AllocationRules = Field(
        AllocationRules(), description="What an allocation of places keeps to."
    )
    monitoring: MonitoringRules = Field(
        MonitoringRules(), description="How the common process is meant to be."
    )
    disclosure: DisclosureRules = Field(
        DisclosureRules(), description="Of how many people estimates are shown."
    )
    wording: dict[str, Text] = Field(
        {},
        description="What this run calls something that evalkit has another word for, by the "
        "word's key and language.",
    )
    notices: tuple[Text, ...] = Field(
        (), description="Sentences that stand on every page, each by language."
    )

    @field_validator("languages")
    @classmethod
    def _name_each_language_once(cls, languages: tuple[Language, ...]) -> tuple[Language, ...]:
        if len(set(languages)) < len(languages):
            raise ValueError("each language stands once")
        return languages

    @model_validator(mode="after")
    def _quotes_what_is_followed(self):
        n_known = (
            self.extract.n_months - self.spells.max_gap_months - self.extract.reporting_lag_months
        )
        if n_known > 0 and "quoted_months" not in self.survival.model_fields_set:
            survival = self.survival.quoting_up_to(n_known)
            return (
                self
                if survival is self.survival
                else self.model_copy(update={"survival": survival})
            )
        beyond = [str(month) for month in self.survival.quoted_months if month > n_known]
        if beyond:
            raise ValueError(
                f"survival.quoted_months {', '.join(beyond)} lie beyond the {max(n_known, 0)} "
                "months in which leaving support can be known "
                "(extract.first_month to data_through, less spells.max_gap_months and "
                "extract.reporting_lag_months)"
            )
        return self

    @model_validator(mode="after")
    def _names_its_districts(self):
        for key, districts in (
            ("effects.district_models", self.effects.district_models),
            ("allocation.budgets", self.allocation.budgets),
            (
                "monitoring.pooled",
                {name for area in self.monitoring.pooled.values() for name in area},
            ),
        ):
            unknown = [
                f"{district} ({nearest(district, self.districts)})"
                for district in sorted(set(districts) - set(self.districts))
            ]
            if unknown:
                raise ValueError(
                    f"{key} names districts that the run does not have: {', '.join(unknown)}"
                )
        taken = sorted({*self.districts, CITY} & set(self.monitoring.pooled))
        if taken:
            raise ValueError(
                f"monitoring.pooled calls an area by a name that is taken: {', '.join(taken)}"
            )
        return self

    @property
    def last_month_known(self) -> date:
        """The last month of which it is known whether support went on: what lies behind it may
        still be paid, or be bridged.
        """
        lag = self.spells.max_gap_months + self.extract.reporting_lag_months
        return add_months(self.extract.follow_up_through, -lag)


class Run(BaseModel):
    """A run as its notebooks see it: the folder, the parameters, and the vintage of what went in.

    `inputs` names every file that went in ("extract/person.csv") with its SHA-256; `run_id` follows
    from parameters and inputs alone. `previous` is the vintage that readers saw before this one.
    """

    model_config = ConfigDict(frozen=True)

    run_dir: Path
    run_file: Path
    params: RunFile
    versions: dict[str, str] = {}
    run_id: str = ""
    inputs: dict[str, str] = {}
    previous: str = ""

    def path(self, relative: Path) -> Path:
        """A path of the run file, which is written relative to the run file's folder."""
        return (self.run_file.parent / relative).resolve()

    def district(self, name: str = "") -> str:
        """The district of this name; without a name the run's first.

        Raises
        ------
        ParameterError
            If the run has no such district; names the nearest.
        """
        districts = self.params.districts
        if name and name not in districts:
            raise ParameterError(
                "The run has no district of this name.",
                where=f'{self.run_file.name}, districts: "{name}" ({nearest(name, districts)})',
                why="A notebook of a district shows one of the districts of its run.",
                fix='name one of them, or leave district = "" for the first.',
            )
        return name or districts[0]

    @property
    def previous_dir(self) -> Path | None:
        """The folder of the vintage that readers saw before, if it is still there."""
        folder = self.run_dir.with_name(self.previous) if self.previous else None
        return folder if folder and (folder / RUN_RECORD).is_file() else None

    @property
    def extract_place(self) -> Path | str:
        """Where the extract lies: its folder, or the URI of its database."""
        folder = self.params.extract.folder
        return folder if isinstance(folder, str) else self.path(folder)

    @property
    def database_file(self) -> Path | None:
        """The file of the extract's database; None where the extract is a folder or lies on a
        database server.
        """
        folder = self.params.extract.folder
        beginning = next(
            (start for start in _FILE_DATABASES if str(folder).startswith(start)),
            None,
        )
        return (
            Path(unquote(str(folder).removeprefix(beginning).split("?")[0])) if beginning else None
        )


def read_run(run_dir: Path | str = "") -> Run:
    """The run that a folder belongs to, as `evalkit run` wrote it (run.json); without a folder the
    newest finished one (see `evalkit.runs.find_run`).

    Raises
    ------
    ParameterError
        If the folder holds no run.
    """
    folder = find_run(run_dir)
    content = {**run_record(folder), "run_dir": folder, "run_file": run_file_of(folder)}
    return traced(validate(content, Run, where=str(folder / RUN_RECORD)))


def run_file_of(folder: Path) -> Path:
    """The run file of a vintage, which run.json names from where it lies itself."""
    return Path(os.path.normpath(folder / run_record(folder)["run_file"]))


def run_record(folder: Path) -> dict[str, Any]:
    """What run.json of a vintage says, as it stands there: an older evalkit may have written it."""
    return json.loads((folder / RUN_RECORD).read_text(encoding="utf-8"))
