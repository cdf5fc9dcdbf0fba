"""The person tables that a city would deliver, from its people's lives: in the columns and codes of
the contracts, with the covariates that the mapping simulated_city declares.

Persons are P and households H with the number of their first adult. A couple that needs support
together has one household; who has an income of their own (studies, sickness benefit) is not a
member of it. Children are a number (n_children), not persons.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from evalkit.months import month_number
from evalkit.simulate.city.city import City
from evalkit.simulate.population.lives import Lives
from evalkit.simulate.population.people import EDUCATIONS, OBSTACLES, ORIGINS, People, birth_years
from evalkit.simulate.population.state import LATENT, UNKNOWN
from evalkit.simulate.population.streams import Purpose, uniforms
from evalkit.simulate.register.common_process import due_follow_ups, papers
from evalkit.simulate.register.readiness import criteria_met

_PAID_LATE_SHARE = 0.04
# What the official record calls the obstacles, in the order of OBSTACLES.
OFFICIAL_OBSTACLES = ("unemployed", "certified_sick", "social_reasons", "language")
LIFE_AREAS = ("health", "social", "work")
_FIA_STEPS = 4


def person_tables(city: City, lives: Lives) -> dict[str, pl.DataFrame]:
    """The tables of a range of people: person, income_support, household_member, livelihood,
    participation, assessment, follow_up, and plan where the city declares its common process.
    """
    households = _households(city, lives)
    return {
        "person": _person(city, lives),
        "income_support": _income_support(city, lives, households),
        "household_member": _members(city, lives, households),
        "livelihood": _livelihood(city, lives),
        "participation": _participation(city, lives),
        "assessment": _assessment(city, lives),
        "follow_up": _follow_up(city, lives),
        **({"plan": _plan(city, lives)} if city.common_process else {}),
    }


def month_dates(city: City, months: np.ndarray) -> pl.Series:
    """Dates of months counted from the city's first month."""
    number = np.asarray(months, dtype=np.int64) + month_number(city.first_month)
    days = (number // 12 - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (number % 12)
    return pl.Series(days.astype("datetime64[D]"))


def _ids(letter: str, numbers: np.ndarray) -> pl.Series:
    return pl.Series(numbers).cast(pl.String).str.zfill(8).str.replace("^", letter)


def _labels(values: Sequence[str], positions: np.ndarray) -> pl.Series:
    return pl.Series(values).gather(positions.astype(np.uint32))


def _person(city: City, lives: Lives) -> pl.DataFrame:
    people = lives.people
    return pl.DataFrame(
        {
            "person_id": _ids("P", people.number),
            "district": _labels(city.district_names, lives.district[:, 0]),
            "birth_year": birth_years(people, city),
            "sex": _labels(("male", "female"), people.is_female),
            "education": _labels(EDUCATIONS, people.education),
            "origin": _labels(ORIGINS, people.origin),
            "years_in_country": _years_in_country(people),
            "obstacle": _labels(OBSTACLES, people.obstacle),
            "has_driving_licence": people.has_licence.astype(np.int32),
            "has_partner": people.is_couple.astype(np.int32),
            "n_children": people.n_children.astype(np.int32),
            "fia_health": people.fia[:, 0].astype(np.int32),
            "fia_social": people.fia[:, 1].astype(np.int32),
            "fia_work": people.fia[:, 2].astype(np.int32),
        }
    )


def _years_in_country(people: People) -> pl.Series:
    """Whole years since immigration at the first month; null for natives, and never more than the
    person's age.
    """
    age = np.maximum(-people.birth_month // 12, 0)
    years = np.minimum(people.years_in_country, age).astype(np.int32)
    return pl.Series(years).set(pl.Series(people.origin == ORIGINS.index("native")), None)


def _households(city: City, lives: Lives) -> pl.DataFrame:
    """One row per supported household and month: head (row of the lead), second (row of the
    co-applicant or null), month.
    """
    paid, joint = lives.is_paid, lives.is_joint & lives.is_paid
    partner = np.arange(len(paid)) ^ 1
    is_second = np.zeros_like(paid)
    is_second[1::2] = joint[1::2] & joint[0::2]
    head, month = np.nonzero(paid & ~is_second)
    second = np.where(is_second[partner[head], month] & (head % 2 == 0), partner[head], -1)
    number = lives.people.number[head]
    # While a couple shares a household it bears the first adult's number, whoever of the two is in
    # need.
    household = np.where(lives.is_joint[head, month], number - number % 2, number)
    return pl.DataFrame(
        {"head": head, "second": second, "month": month, "household": household}
    ).with_columns(household_id=_ids("H", household), date=month_dates(city, month))


def _income_support(city: City, lives: Lives, households: pl.DataFrame) -> pl.DataFrame:
    head, month = households["head"].to_numpy(), households["month"].to_numpy()
    rules, people = city.amounts, lives.people
    drawn = uniforms(people.key[head], month, Purpose.AMOUNT)
    norm = (
        np.where(households["second"].to_numpy() >= 0, rules.couple, rules.single)
        + rules.child * people.n_children[head]
        + rules.housing
    )
    # Some have a small income of their own, which is deducted: between nothing and nine tenths of
    # the norm.
    deducted = np.where(drawn < rules.own_income_share, 0.9 * drawn / rules.own_income_share, 0.0)
    years = city.first_month.year + month // 12 - rules.price_year
    amount = np.rint(norm * (1 - deducted) * (1 + rules.yearly_growth) ** years)
    is_late = uniforms(people.key[head], month, Purpose.AMOUNT, 1) < _PAID_LATE_SHARE
    return pl.DataFrame(
        {
            "household_id": households["household_id"],
            "month": households["date"],
            "district": _labels(city.district_names, lives.district[head, month]),
            "amount": amount,
            "currency": pl.repeat(rules.currency, len(head), eager=True),
            "month_paid": month_dates(city, month + is_late),
        }
    ).sort("household_id", "month")


def _members(city: City, lives: Lives, households: pl.DataFrame) -> pl.DataFrame:
    leads = households.select("household_id", "date", row="head", role=pl.lit("lead"))
    seconds = households.filter(pl.col("second") >= 0).select(
        "household_id", "date", row="second", role=pl.lit("co_applicant")
    )
    both = pl.concat([leads, seconds])
    rows = both["row"].to_numpy()
    return both.select(
        "household_id",
        person_id=_ids("P", lives.people.number[rows]),
        month="date",
        role="role",
        support_obstacle=_labels(OFFICIAL_OBSTACLES, lives.people.obstacle[rows]),
    ).sort("household_id", "person_id", "month")


def _livelihood(city: City, lives: Lives) -> pl.DataFrame:
    observed = lives.observed
    n, n_months = observed.shape
    is_new = np.ones((n, n_months), bool)
    is_new[:, 1:] = observed[:, 1:] != observed[:, :-1]
    row, start = np.nonzero(is_new)
    is_last = np.append(row[1:] != row[:-1], True)
    end = np.where(is_last, n_months, np.append(start[1:], n_months))
    state = observed[row, start]
    known = state != UNKNOWN
    return (
        pl.DataFrame(
            {
                "person_id": _ids("P", lives.people.number[row[known]]),
                "start": month_dates(city, start[known]),
                "end": month_dates(city, end[known]),
                "state": _labels(LATENT, state[known]),
            }
        )
        .with_columns(end=pl.when(pl.Series(end[known] < n_months)).then("end"))
        .sort("person_id", "start")
    )


def _kept_episodes(city: City, lives: Lives) -> pl.DataFrame:
    return lives.episodes.filter(pl.col("end").is_null() | (pl.col("end") > 0))


def _participation(city: City, lives: Lives) -> pl.DataFrame:
    kept = _kept_episodes(city, lives)
    items = kept["item"].to_numpy()
    home = _labels(city.district_names, kept["district"].to_numpy())
    providers = pl.Series([entry.provider for entry in city.interventions], dtype=pl.String)
    hours = pl.Series([entry.hours_per_week for entry in city.interventions], dtype=pl.Float64)
    return pl.DataFrame(
        {
            "person_id": _ids("P", lives.people.number[kept["row"].to_numpy()]),
            "intervention_id": _intervention_ids(city).gather(items),
            "start": month_dates(city, kept["start"].to_numpy()),
            "end": month_dates(city, kept["end"].fill_null(0).to_numpy()),
            "planned_end": month_dates(city, kept["planned_end"].to_numpy()),
            "provider_district": providers.gather(items).fill_null(home),
            "home_district": home,
            "hours_per_week": hours.gather(items),
            "referral": pl.repeat("case_worker", len(kept), eager=True),
            "end_reason": kept["reason"],
            "responsible_role": _responsible_roles(city).gather(items),
        }
    ).with_columns(end=pl.when(kept["end"].is_not_null()).then("end"))


def _intervention_ids(city: City) -> pl.Series:
    return pl.Series([entry.intervention_id for entry in city.interventions])


def _responsible_roles(city: City) -> pl.Series:
    """By intervention: consultants at the job centres, case workers elsewhere."""
    return pl.Series(
        ["consultant" if entry.is_job_centre else "case_worker" for entry in city.interventions]
    )


def _assessment(city: City, lives: Lives) -> pl.DataFrame:
    """One assessment per person, in the first month with support: one row per area of life."""
    rows = np.flatnonzero(lives.is_paid.any(axis=1))
    date = month_dates(city, lives.is_paid[rows].argmax(axis=1))
    person = _ids("P", lives.people.number[rows])
    areas = [
        pl.DataFrame(
            {
                "person_id": person,
                "date": date,
                "rating_share": (lives.people.fia[rows, column] - 1.0) / _FIA_STEPS,
            }
        ).with_columns(life_area=pl.lit(area))
        for column, area in enumerate(LIFE_AREAS)
    ]
    columns = ("person_id", "date", "life_area", "rating_share")
    return (
        pl.concat(areas)
        .select(*columns, method=pl.lit("fia_assessment"))
        .sort("person_id", "life_area")
    )


def _follow_up(city: City, lives: Lives) -> pl.DataFrame:
    """After about one month, then every third, as far as somebody did it."""
    due = due_follow_ups(city, lives, _kept_episodes(city, lives)).filter("is_done")
    rows, month = due["row"].to_numpy(), due["due"].to_numpy()
    key = lives.people.key[rows]
    fia = lives.people.fia[rows].astype(np.float64)
    months_in = month - due["start"].to_numpy()
    ability = np.clip(
        fia + 0.1 * months_in[:, None] + uniforms(key, month, Purpose.FOLLOW_UP, 1)[:, None] - 0.5,
        1,
        5,
    )
    attendance = np.clip(
        0.45 + 0.1 * fia[:, 2] + 0.3 * (uniforms(key, month, Purpose.FOLLOW_UP, 2) - 0.5), 0, 1
    )
    return pl.DataFrame(
        {
            "person_id": _ids("P", lives.people.number[rows]),
            "intervention_id": _intervention_ids(city).gather(due["item"].to_numpy()),
            "date": month_dates(city, month),
            "attendance_share": attendance.round(2),
            "physical_ability": np.rint(ability[:, 0]).astype(np.int32),
            "mental_ability": np.rint(ability.mean(axis=1)).astype(np.int32),
            "social_ability": np.rint(ability[:, 1]).astype(np.int32),
            "self_rating": np.rint(1 + 4 * uniforms(key, month, Purpose.FOLLOW_UP, 8)).astype(
                np.int32
            ),
            **criteria_met(city, lives.people, rows, month),
            "responsible_role": _responsible_roles(city).gather(due["item"].to_numpy()),
        }
    ).sort("person_id", "intervention_id", "date")


def _plan(city: City, lives: Lives) -> pl.DataFrame:
    """The papers that were written by the last day of the extract."""
    written = papers(city, lives, _kept_episodes(city, lives)).filter("is_written")
    day = month_dates(city, written["start"].to_numpy())
    return (
        written.with_columns(
            person_id=_ids("P", lives.people.number[written["row"].to_numpy()]),
            intervention_id=_intervention_ids(city).gather(written["item"].to_numpy()),
            date=day.dt.offset_by(written["days"].cast(pl.String) + "d"),
        )
        .select("person_id", "intervention_id", "kind", "date", pl.col("^has_.*$"))
        .sort("person_id", "intervention_id", "kind", "date")
    )
