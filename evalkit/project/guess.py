"""What a run file and its protocols could say, guessed from tables that were admitted: districts,
months, and for each intervention with enough starts a target trial with a sensible window.

No guess shows a person's value: districts in which few people live are not named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from evalkit.line.adjustment import SMALL_IMBALANCE
from evalkit.line.states import OUTCOMES, WITHOUT_SUPPORT
from evalkit.months import month_number
from evalkit.records import read_yaml

_TEXTS = Path(__file__).parent / "templates" / "texts.yaml"
# A district with fewer people is not named, and an intervention with fewer starts out of support
# not estimated.
FEWEST_PEOPLE, FEWEST_STARTERS = 5, 20
# Months with far fewer payments than is usual lie outside the extract.
_LEAST_OF_USUAL, _LEAST_AT_THE_END = 0.2, 0.7
# In months: no trials in an extract that is shorter; how long people are followed; when the first
# trial starts, so that something is known of the time before; and how many there are at least.
_SHORTEST, _LONGEST_FOLLOW_UP, _HISTORY, _FEWEST_TRIALS = 18, 24, 12, 6
_MONTHS_BEHIND = 2
# A protocol that nobody has looked at yet has the limits of the protocols that come with evalkit.
_REFUSAL = {
    "min_starters": FEWEST_STARTERS,
    "min_effective_sample_size": 30,
    "max_abs_smd": SMALL_IMBALANCE,
    "max_share_outside_support": 0.1,
}


class Window(NamedTuple):
    """The first and the last month in which a trial starts, counted from the extract's first, and
    for how many months people are followed.
    """

    from_month: int
    to_month: int
    follow_up_months: int


@dataclass(frozen=True)
class Guess:
    """What the run file's keys could be, as YAML has them, the protocols' by intervention, and what
    somebody has to look at, by key.
    """

    run: Mapping[str, Any]
    protocols: Mapping[str, Mapping[str, Any]]
    remarks: Mapping[str, str]
    unsaid: tuple[str, ...] = field(default=())


def guess(tables: Mapping[str, pl.DataFrame]) -> Guess:
    """Guess from admitted tables, of which person and income_support hold rows."""
    districts, of_districts = _districts(tables["person"])
    first, last, of_months = _months(tables)
    run = {
        "districts": districts,
        "extract": {"first_month": f"{first:%Y-%m}", "data_through": f"{last:%Y-%m}"},
    }
    protocols, unsaid = _protocols(tables, first, last, has_districts=len(districts) > 1)
    return Guess(run, protocols, of_districts | of_months, tuple(unsaid))


def _districts(person: pl.DataFrame) -> tuple[list[str], dict[str, str]]:
    counts = person.drop_nulls("district")["district"].value_counts()
    named = counts.filter(pl.col("count") >= FEWEST_PEOPLE)["district"].sort().to_list()
    n_left = counts.height - len(named)
    if not n_left:
        return named, {}
    remark = (
        f"{n_left} more stand in the extract, each with fewer than {FEWEST_PEOPLE} persons; those "
        "who live there are set aside. Add what is missing."
    )
    return named, {"districts": remark}


def _months(tables: Mapping[str, pl.DataFrame]) -> tuple[date, date, dict[str, str]]:
    counts = tables["income_support"]["month"].value_counts().sort("month")
    usual = _middle(counts["count"])
    within = counts.filter(pl.col("count") >= _LEAST_OF_USUAL * usual)
    first, last = within["month"][0], within["month"][-1]
    remarks = {}
    if within.height < counts.height:
        remarks["extract.first_month"] = (
            f"a few payments are of other months than {first:%Y-%m} to {last:%Y-%m}; they are set "
            "aside."
        )
    if within["count"][-1] < _LEAST_AT_THE_END * _middle(within["count"].tail(13)):
        remarks["extract.reporting_lag_months"] = (
            "the last month has far fewer payments than the year before it; are some still missing?"
        )
    starts = tables["participation"]["start"] if "participation" in tables else pl.Series([None])
    newest = starts.max()
    if isinstance(newest, date) and month_number(last) - month_number(newest) > _MONTHS_BEHIND:
        remarks["extract.data_through"] = (
            f"the last start in an intervention is in {newest:%Y-%m}; if starts are not known "
            "later than that, write that month."
        )
    return first, last, remarks


def _protocols(
    tables: Mapping[str, pl.DataFrame],
    first: date,
    last: date,
    *,
    has_districts: bool,
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """A protocol for each intervention with enough starts, and what is said of the others."""
    if "participation" not in tables or not tables["participation"].height:
        return {}, []
    window = _window(month_number(last) - month_number(first) + 1)
    if window is None:
        return {}, [f"no effects: fewer than {_SHORTEST} months were delivered"]
    starters = _starters(tables, first, window)
    names = _names(tables)
    is_work_known = "livelihood" in tables and tables["livelihood"].height > 0
    covariates = _covariates(tables["person"], has_districts=has_districts)
    protocols = {
        intervention: protocol_values(
            intervention,
            names.get(intervention, intervention),
            window,
            covariates,
            is_work_known=is_work_known,
        )
        for intervention, n in starters.items()
        if n >= FEWEST_STARTERS
    }
    few = len(starters) - len(protocols)
    if not few:
        return protocols, []
    what = "intervention" if few == 1 else "interventions"
    return protocols, [
        f"{few} {what} with fewer than {FEWEST_STARTERS} starts out of support: no protocol"
    ]


def protocol_values(
    intervention: str,
    title: str,
    window: Window,
    covariates: Sequence[Mapping[str, Any]],
    *,
    is_work_known: bool,
) -> dict[str, Any]:
    """The keys of a protocol, as YAML has them, with its texts in the languages of reports."""
    texts = read_yaml(_TEXTS)
    return {
        "protocol": intervention,
        "intervention_id": intervention,
        "title": dict.fromkeys(texts["question"], title),
        "question": {
            language: text.format(title=title) for language, text in texts["question"].items()
        },
        "eligibility": {"from_month": window.from_month, "to_month": window.to_month},
        "leavers_in_month_one": "excluded" if is_work_known else "excluded_in_both",
        "follow_up_months": window.follow_up_months,
        "primary_outcome": "work" if is_work_known else WITHOUT_SUPPORT,
        "outcomes": list(OUTCOMES),
        "covariates": list(covariates),
        "refusal": dict(_REFUSAL),
        "assumptions": texts["assumptions"],
    }


def _window(n_months: int) -> Window | None:
    """None where the extract is too short."""
    if n_months < _SHORTEST:
        return None
    from_month = min(_HISTORY, n_months // 4) + 1
    follow_up = min(_LONGEST_FOLLOW_UP, (n_months - from_month + 1) // 2)
    to_month = n_months - follow_up + 1
    has_trials = to_month - from_month >= _FEWEST_TRIALS
    return Window(from_month, to_month, follow_up) if has_trials else None


def _starters(tables: Mapping[str, pl.DataFrame], first: date, window: Window) -> dict[str, int]:
    """How many people start each intervention within the window, with support in the month
    before.
    """
    support = tables["income_support"].select("household_id", "month")
    members = tables.get("household_member")
    on_support = (
        support.join(members, on=["household_id", "month"]).select("person_id", "month")
        if members is not None and members.height
        else support.rename({"household_id": "person_id"})
    )
    month = pl.col("start").dt.month_start()
    number = (pl.col("month").dt.year() - first.year) * 12 + pl.col("month").dt.month()
    starts = (
        tables["participation"]
        .with_columns(month=month, before=month.dt.offset_by("-1mo"))
        .with_columns(number=number - first.month + 1)
        .filter(pl.col("number").is_between(window.from_month, window.to_month))
        .join(on_support.rename({"month": "before"}), on=["person_id", "before"], how="semi")
    )
    counts = starts.group_by("intervention_id").agg(pl.col("person_id").n_unique())
    known = tables["participation"]["intervention_id"].unique().sort().to_list()
    found = dict(counts.iter_rows())
    return {intervention: found.get(intervention, 0) for intervention in known}


def _names(tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    interventions = tables.get("intervention")
    if interventions is None:
        return {}
    return dict(interventions.select("intervention_id", "name").drop_nulls().iter_rows())


def _covariates(person: pl.DataFrame, *, has_districts: bool) -> list[dict[str, Any]]:
    """What can be adjusted for: what is known of time on support, and the person's columns that are
    filled.
    """
    of_person = [
        ("female", "sex", "female"),
        ("birth_year", "birth_year", None),
        ("short_education", "education", "compulsory_or_less"),
        ("long_education", "education", "post_secondary"),
        ("outside_eu", "origin", "other"),
    ]
    return [
        {"name": "months_on_support", "kind": "elapsed"},
        {"name": "season", "kind": "season", "starts": [3, 6, 9, 12]},
        *(
            {"name": name, "kind": "person", "column": column}
            | ({"equals": equals} if equals else {})
            for name, column, equals in of_person
            if column in person.columns and person[column].null_count() == 0
        ),
        {"name": "past_support_share", "kind": "history_share", "outcome": "support"},
        {"name": "earlier_same", "kind": "participation", "of": "this", "measure": "ever"},
        *([{"name": "district", "kind": "district"}] if has_districts else []),
    ]


def _middle(counts: pl.Series) -> float:
    """The median of counts, of which there is at least one."""
    return float(counts.sort()[len(counts) // 2])
