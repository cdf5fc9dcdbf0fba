from types import SimpleNamespace

import polars as pl
import pytest
from offer_town import (
    CODES,
    interventions,
    month,
    params,
    rows_of,
    spells,
    starts,
    tables,
)

from evalkit.monitoring.offer.outreach import outreach_funnel, outreach_leads
from evalkit.monitoring.offer.outreach_costs import outreach_costs

COUNTS = ("district", "month", "target_group", "n_known", "n_reached", "n_entered")
REGISTER = interventions(
    ("youth", "outreach", "guidance", "neet"),
    ("talks", "coaching", "coaching", "neet"),
    ("women", "other", "outreach", "women_at_home"),
)


def counts(*rows):
    return rows_of("outreach", COUNTS, *[(d, month(at), *rest) for d, at, *rest in rows])


def funnel_of(begun=None, **given):
    made = tables(intervention=REGISTER, **given)
    return outreach_funnel(made, starts() if begun is None else begun, codes=CODES, params=params())


def row(table, district, group, year):
    (found,) = table.filter(
        pl.col("district") == district, pl.col("target_group") == group, pl.col("year") == year
    ).to_dicts()
    return found


def test_outreach_funnel_adds_up_the_months_of_a_year():
    outreach = counts(
        ("Harbour", 1, "neet", 10, 4, 2),
        ("Harbour", 12, "neet", 6, 3, 1),
        ("Harbour", 13, "neet", 5, 2, 1),
        ("Hill", 2, "neet", 3, 1, 0),
    )

    city = row(funnel_of(outreach=outreach), "all", "neet", 2018)

    assert (city["n_known"], city["n_reached"], city["n_entered"]) == (19, 8, 3)


def test_outreach_funnel_counts_who_stays_in_any_activity_or_is_off_support():
    begun = starts(
        ("in", "Hill", "youth", 2, 6),
        ("elsewhere", "Hill", "youth", 2, 4),
        ("elsewhere", "Hill", "talks", 5, None),
        ("gone", "Hill", "youth", 2, 5),
        ("off", "Hill", "youth", 2, 3),
        ("again", "Hill", "youth", 2, 3),
        ("again", "Hill", "youth", 9, None),
        ("late", "Hill", "youth", 22, None),  # three months later is not known
        ("other", "Hill", "talks", 2, None),
    )
    supported = [(name, "Hill", 1, None) for name in ("in", "elsewhere", "gone", "again")]

    own = row(
        funnel_of(begun, support_spells=spells(*supported, ("off", "Hill", 1, 5))),
        "Hill",
        "neet",
        2018,
    )

    # "gone" left before the third month and is still supported; "again" counts by the first start.
    assert (own["n_followed"], own["n_stayed"]) == (5, 3)
    assert own["n_known"] is None


def test_outreach_funnel_counts_residents_of_the_groups_ages_and_sex():
    population = rows_of(
        "population",
        ("district", "year", "sex", "age_group", "n_persons"),
        *[
            ("Hill", 2018, sex, ages, n)
            for sex, ages, n in (
                ("female", "16-19", 10),
                ("male", "16-19", 20),
                ("female", "20-24", 40),
                ("male", "20-24", 80),
                ("female", "25-64", 160),
                ("male", "25-64", 320),
                ("all", "all", 630),
            )
        ],
    )
    outreach = counts(("Hill", 1, "neet", 1, 1, 1), ("Hill", 1, "women_at_home", 1, 1, 1))

    funnel = funnel_of(outreach=outreach, population=population)

    assert row(funnel, "Hill", "neet", 2018)["n_residents"] == 150
    assert row(funnel, "all", "women_at_home", 2018)["n_residents"] == 200


def test_outreach_funnel_has_no_residents_where_the_population_is_not_told_by_age():
    population = rows_of(
        "population",
        ("district", "year", "sex", "age_group", "n_persons"),
        ("Hill", 2018, "all", "all", 630),
    )

    funnel = funnel_of(outreach=counts(("Hill", 1, "neet", 1, 1, 1)), population=population)

    assert row(funnel, "Hill", "neet", 2018)["n_residents"] is None


def test_outreach_costs_are_told_by_each_source():
    outreach = counts(
        ("Hill", 1, "neet", 90, 60, 40),
        ("Hill", 2, "neet", 90, 60, 21),
        ("Hill", 3, "neet", 90, 60, 50),  # the action is over
        ("Harbour", 1, "neet", 90, 60, 50),  # it never ran there
        ("Hill", 2, "women_at_home", 50, 30, 10),
    )
    action = rows_of(
        "action",
        ("district", "action_id", "theme", "start", "end", "amount", "currency", "target_group"),
        ("Hill", "more_workers", "outreach", month(1), month(3), 1_200_000.0, "SEK", "neet"),
        ("Hill", "meetings", "outreach", month(2), None, 300_000.0, "SEK", None),
        ("Hill", "course", "other", month(1), None, 5.0, "SEK", "neet"),
    )
    offers = pl.DataFrame(
        {
            "district": ["all", "Hill", "all"],
            "intervention_id": ["youth", "youth", "talks"],
            "cost": [12_000.0, 1.0, 2.0],
            "currency": "SEK",
        }
    )
    declared = {
        "low": 10_000,
        "central": 30_000,
        "high": 60_000,
        "currency": "SEK",
        "source": "the committee",
        "grade": "L",
    }
    made = tables(intervention=REGISTER, action=action, outreach=outreach)

    costs = outreach_costs(
        made,
        SimpleNamespace(data=funnel_of(outreach=outreach)),
        SimpleNamespace(data=offers),
        params=params(outreach_costs={"women_at_home": declared}),
    )

    assert costs.select("target_group", "source", "cost", "low", "high", "value_grade").rows() == [
        ("all", "action", pytest.approx(300_000 / 80), None, None, "M"),
        ("neet", "action", pytest.approx(1_200_000 / 60), None, None, "M"),
        ("neet", "place", 12_000.0, None, None, "M"),
        ("women_at_home", "declared", 30_000.0, 10_000.0, 60_000.0, "L"),
    ]


def test_outreach_funnel_has_every_row_so_that_none_tells_that_somebody_is_there():
    funnel = funnel_of(starts(("one", "Hill", "youth", 2, 6)))

    assert funnel.height == 3 * 2 * 2  # areas, groups with outreach, years


def test_outreach_leads_counts_what_people_started_within_a_year_of_their_first_outreach():
    begun = starts(
        ("a", "Hill", "youth", 2, 4),
        ("a", "Hill", "talks", 4, 6),
        ("a", "Hill", "talks", 8, 9),
        ("b", "Hill", "youth", 3, 4),
        ("b", "Hill", "talks", 16, None),  # later than a year
        ("c", "Hill", "talks", 1, 2),  # before
        ("c", "Hill", "youth", 5, 6),
        ("d", "Hill", "youth", 13, 14),  # a year later is not known
        ("e", "Hill", "talks", 5, 6),  # no outreach
    )

    leads = outreach_leads(
        tables(intervention=REGISTER), begun, codes=CODES, params=params()
    ).filter(pl.col("target_group") == "neet")

    assert leads.select("intervention_id", "kind", "n_followed", "n_persons").rows() == [
        ("talks", "next", 3, 1),
        ("women", "outreach", 3, 0),
        ("youth", "outreach", 3, 3),
    ]
