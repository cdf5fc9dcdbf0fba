import polars as pl
from offer_town import CODES, interventions, month, params, rows_of, starts, tables

from evalkit.monitoring.offer.needs import need_answers, need_offer

NEED = ("district", "month", "need", "n_persons")
REGISTER = interventions(
    ("training", "work_training", "workplace_practice", "far_from_work"),
    ("garden", "work_training", "outdoor", None),
    ("job", "subsidised_job", "wage_subsidy", "reduced_work_capacity"),
    ("job_for_all", "subsidised_job", "wage_subsidy", "near_work"),
)


def needs(*rows):
    return rows_of("need", NEED, *[(d, month(at), need, n) for d, at, need, n in rows])


def row(table, district, need):
    return table.filter(pl.col("district") == district, pl.col("need") == need).row(0, named=True)


def offer_of(given, begun, **monitoring):
    return need_offer(given, begun, codes=CODES, params=params(**monitoring))


def test_need_answers_asks_for_kind_or_content_and_for_a_named_group():
    given = tables(
        intervention=REGISTER,
        capacity=rows_of(
            "capacity",
            ("intervention_id", "month", "places"),
            ("training", month(1), 4),
            ("training", month(2), 6),
        ),
    )

    answers = need_answers(given, CODES)

    assert answers.rows() == [
        ("observation_in_daily_work", "garden", None, "L"),
        ("observation_in_daily_work", "training", 6.0, "L"),
        ("physical_disability", "job", None, "L"),
    ]


def test_need_offer_counts_people_who_start_in_the_twelve_months_after_the_count():
    given = tables(
        intervention=REGISTER,
        need=needs(("Harbour", 3, "observation_in_daily_work", 9)),
    )
    begun = starts(
        ("a", "Harbour", "training", 2, 4),
        ("b", "Harbour", "training", 3, 4),
        ("b", "Harbour", "garden", 5, 6),
        ("c", "Hill", "garden", 14, 16),
        ("d", "Harbour", "training", 15, None),
        ("e", "Harbour", "job_for_all", 4, None),
    )

    own = row(offer_of(given, begun), "Harbour", "observation_in_daily_work")

    assert (own["n_persons"], own["n_starters"], own["n_interventions"]) == (9, 1, 2)
    assert (own["counted_from"], own["counted_through"]) == (month(3), month(14))


def test_need_offer_counts_who_starts_in_two_districts_where_they_started_first():
    given = tables(
        intervention=REGISTER,
        need=needs(
            ("Harbour", 3, "observation_in_daily_work", 9),
            ("Hill", 3, "observation_in_daily_work", 9),
        ),
    )
    begun = starts(("a", "Hill", "training", 4, 6), ("a", "Harbour", "garden", 8, 9))

    offer = offer_of(given, begun)

    assert dict(offer.select("district", "n_starters").iter_rows()) == {
        "Harbour": 0,
        "Hill": 1,
        "all": 1,
    }


def test_need_offer_takes_the_last_twelve_months_where_the_count_is_younger():
    given = tables(intervention=REGISTER, need=needs(("Hill", 22, "observation_in_daily_work", 9)))
    begun = starts(
        ("a", "Hill", "training", 12, 14),
        ("b", "Hill", "training", 13, 14),
        ("c", "Hill", "training", 24, None),
    )

    own = row(offer_of(given, begun), "Hill", "observation_in_daily_work")

    assert own["n_starters"] == 2
    assert (own["counted_from"], own["counted_through"]) == (month(13), month(24))


def test_need_offer_takes_each_districts_last_count_and_adds_them_up():
    given = tables(
        intervention=REGISTER,
        need=needs(
            ("Harbour", 1, "personal_ombud", 100),
            ("Harbour", 20, "personal_ombud", 7),
            ("Hill", 18, "personal_ombud", 4),
        ),
    )

    city = row(offer_of(given, starts()), "all", "personal_ombud")

    assert (city["n_persons"], city["n_starters"], city["n_interventions"]) == (11, None, 0)
    assert city["calendar_month"] == month(20)


def test_need_offer_counts_nobody_where_an_intervention_answers_and_nobody_starts():
    given = tables(intervention=REGISTER, need=needs(("Hill", 22, "observation_in_daily_work", 9)))

    assert row(offer_of(given, starts()), "Hill", "observation_in_daily_work")["n_starters"] == 0


def test_need_offer_shows_pooled_districts_as_one_area():
    given = tables(
        intervention=REGISTER,
        need=needs(("Harbour", 20, "personal_ombud", 7), ("Hill", 20, "personal_ombud", 4)),
    )

    offer = offer_of(given, starts(), pooled={"Both": ["Harbour", "Hill"]})

    assert offer.select("district", "n_persons").rows() == [("Both", 11), ("all", 11)]


def test_need_offer_does_not_say_that_nothing_is_offered_where_no_register_was_delivered():
    given = tables(need=needs(("Hill", 20, "personal_ombud", 4)))

    own = row(offer_of(given, starts()), "Hill", "personal_ombud")

    assert own["n_persons"] == 4
    assert own["n_starters"] is None and own["n_interventions"] is None


def test_need_offer_is_empty_where_no_needs_were_counted():
    assert offer_of(tables(intervention=REGISTER), starts()).is_empty()
