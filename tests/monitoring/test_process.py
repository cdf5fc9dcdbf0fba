"""Whether the common process is kept, by hand: each rule with a row on either side of it."""

from datetime import date

import polars as pl
import pytest

from evalkit.line.delivered import as_delivered
from evalkit.line.tables import table
from evalkit.monitoring import (
    ability_change,
    ability_ends,
    attended_hours,
    common_process,
    follow_ups_overdue,
    last_quarter,
    of_enough,
    process_kept,
    worklist,
    worklist_in_words,
    worklist_size,
)
from evalkit.monitoring_rules import MonitoringRules
from evalkit.words import words

PEOPLE = [{"person_id": name, "district": "North"} for name in ("a", "b", "c")]


def took_part(person: str, start: date, end: date | None = None, **more) -> dict:
    return {"person_id": person, "intervention_id": "x", "start": start, "end": end, **more}


def followed(person: str, day: date, **more) -> dict:
    return {"person_id": person, "intervention_id": "x", "date": day, **more}


def paper(person: str, kind: str, day: date, **more) -> dict:
    return {"person_id": person, "intervention_id": "x", "kind": kind, "date": day, **more}


@pytest.fixture
def process_of(tables_of, params_of):
    def make(participation, *, plan=(), follow_up=(), rules=None, people=PEOPLE, interventions=()):
        rows = {
            "person": list(people),
            "participation": list(participation),
            "plan": list(plan),
            "follow_up": list(follow_up),
            "intervention": list(interventions),
        }
        return common_process(tables_of(**rows), params_of(**(rules or {})))

    return make


def _kept(process, spells, measure: str, district: str = "all") -> tuple[int, int]:
    rows = process_kept(process, spells).filter(measure=measure, district=district)
    by_answer = dict(rows.select("answer", "n_episodes").iter_rows())
    return by_answer.get("yes", 0), by_answer.get("all", 0)


def test_follow_ups_are_due_after_a_month_and_then_every_third_while_the_episode_runs(process_of):
    ended = took_part("a", date(2025, 1, 31), date(2025, 8, 31))

    process = process_of([ended], follow_up=[followed("b", date(2025, 1, 1))])

    # Of a shorter month the last day; the one of 31 August falls on the end and is not due.
    assert process.due["due"].to_list() == [date(2025, 2, 28), date(2025, 5, 31)]
    assert process.due["deadline"].to_list() == [date(2025, 3, 14), date(2025, 6, 14)]


def test_nothing_is_due_whose_deadline_is_not_known_yet(process_of):
    """Known are the days before 1 January 2026: 14 days after 17 December is the last of them."""
    episodes = [took_part("a", date(2025, 11, 17)), took_part("b", date(2025, 11, 18))]

    process = process_of(episodes, follow_up=[followed("c", date(2025, 1, 1))])

    assert process.due["due"].to_list() == [date(2025, 12, 17)]


@pytest.mark.parametrize(
    ("day", "is_kept"),
    [
        (date(2025, 3, 1), False),  # on the first day nothing can be followed up
        (date(2025, 3, 2), True),
        (date(2025, 4, 15), True),  # on the last day of grace
        (date(2025, 4, 16), False),  # a day late
    ],
)
def test_first_follow_up_is_in_time_from_the_second_day_to_the_last_of_grace(
    process_of, day, is_kept
):
    episode = took_part("a", date(2025, 3, 1), date(2025, 4, 20))

    process = process_of([episode], follow_up=[followed("a", day)])

    assert process.due["is_kept"].to_list() == [is_kept]


def test_a_late_follow_up_misses_its_own_day_and_keeps_the_next(process_of):
    episode = took_part("a", date(2025, 3, 1), date(2025, 9, 1))

    process = process_of([episode], follow_up=[followed("a", date(2025, 5, 2))])

    assert process.due.select("due", "is_kept", "is_open").rows() == [
        (date(2025, 4, 1), False, False),
        (date(2025, 7, 1), True, False),
    ]


def test_a_follow_up_belongs_to_the_episode_in_which_it_was_done(process_of):
    episodes = [
        took_part("a", date(2025, 1, 1), date(2025, 3, 1)),
        took_part("a", date(2025, 6, 1), date(2025, 8, 1)),
    ]
    done = [followed("a", date(2025, 7, 1)), followed("a", date(2024, 12, 1))]

    process = process_of(episodes, follow_up=done)

    assert process.due.select("due", "is_kept").rows() == [
        (date(2025, 2, 1), False),
        (date(2025, 7, 1), True),
    ]
    assert process.follow_ups["date"].to_list() == [date(2025, 7, 1)]


def test_the_year_is_the_last_that_is_known_to_its_end(process_of):
    starts = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31)]
    episodes = [took_part(who, day) for who, day in zip("abc", starts, strict=True)]

    process = process_of(episodes)

    assert process.year == 2025
    assert process.begun["person_id"].to_list() == ["b", "c"]


@pytest.mark.parametrize(
    ("day", "has_it"),
    [
        (date(2025, 1, 31), False),  # 91 days before the start
        (date(2025, 2, 1), True),  # 90 days before
        (date(2025, 6, 30), True),  # the last day
        (date(2025, 7, 1), False),  # the day after
    ],
)
def test_a_paper_belongs_to_the_episode_in_or_shortly_before_which_it_is_dated(
    process_of, spells_of, day, has_it
):
    episode = took_part("a", date(2025, 5, 2), date(2025, 7, 1))

    process = process_of([episode], plan=[paper("a", "work_plan", day)])

    assert _kept(process, spells_of(), "work_plan") == (int(has_it), 1)
    assert _kept(process, spells_of(), "plan") == (int(has_it), 1)


def test_a_paper_of_one_episode_is_none_of_the_next(process_of, spells_of):
    episodes = [
        took_part("a", date(2025, 1, 1), date(2025, 5, 1)),
        took_part("a", date(2025, 6, 1), date(2025, 9, 1)),
    ]

    process = process_of(episodes, plan=[paper("a", "decision", date(2025, 4, 20))])

    assert _kept(process, spells_of(), "decision") == (1, 2)
    # A decision is no plan.
    assert _kept(process, spells_of(), "plan") == (0, 2)


def test_a_plan_is_complete_when_one_paper_says_all_of_it(process_of, spells_of):
    whole = dict.fromkeys(("has_aim", "has_goals", "has_tasks", "has_own_view"), 1)
    day = date(2025, 3, 1)
    plans = [
        paper("a", "work_plan", day, **whole),
        paper("b", "work_plan", day, **(whole | {"has_own_view": 0})),
        paper("b", "decision", day, **whole),
        paper("c", "work_plan", day, **(whole | {"has_tasks": None})),
    ]

    process = process_of([took_part(who, day) for who in "abc"], plan=plans)

    assert _kept(process, spells_of(), "complete_plan") == (1, 3)


def test_what_was_not_delivered_is_not_asked(process_of, spells_of):
    process = process_of([took_part("a", date(2025, 3, 1))])

    assert process_kept(process, spells_of()).is_empty()
    assert follow_ups_overdue(process).is_empty()


@pytest.mark.parametrize(
    ("spell", "has_it"),
    [
        ((date(2024, 1, 1), date(2025, 8, 1), "work"), True),  # left by then
        ((date(2024, 1, 1), date(2025, 8, 2), "work"), False),
        ((date(2024, 1, 1), date(2025, 7, 1), None), False),  # not known to have left
    ],
)
def test_who_is_off_support_by_then_has_taken_a_next_step(process_of, spells_of, spell, has_it):
    episode = took_part("a", date(2025, 3, 1), date(2025, 6, 1))

    process = process_of([episode])

    assert _kept(process, spells_of(("a", *spell)), "went_on") == (int(has_it), 1)


@pytest.mark.parametrize(
    ("start", "end", "has_it"),
    [
        (date(2025, 8, 1), None, True),  # two months after the end
        (date(2025, 8, 2), None, False),
        (date(2025, 2, 1), None, True),  # ran already
        (date(2025, 2, 1), date(2025, 6, 1), False),  # ended with it
    ],
)
def test_who_is_in_another_intervention_by_then_has_taken_a_next_step(
    process_of, spells_of, start, end, has_it
):
    episode = took_part("a", date(2025, 3, 1), date(2025, 6, 1))
    other = took_part("a", start, end) | {"intervention_id": "y"}

    process = process_of([episode, other])

    answered = process_kept(process, spells_of(("a", date(2024, 1, 1), None, None)))
    first = answered.filter(measure="went_on", district="North", answer="yes")["n_episodes"].sum()
    assert (first >= 1) == has_it


def test_an_end_of_the_last_two_months_is_not_asked_for_a_next_step(process_of, spells_of):
    episode = took_part("a", date(2025, 3, 1), date(2025, 11, 1))

    process = process_of([episode])

    assert _kept(process, spells_of(), "went_on") == (0, 0)


def test_overdue_are_those_without_any_follow_up_since_the_deadline_before(process_of):
    role = {"responsible_role": "consultant"}
    episodes = [
        took_part("a", date(2025, 3, 1), **role),  # never followed up
        took_part("b", date(2025, 3, 1), **role),  # missed one, done since
        took_part("c", date(2025, 3, 1)),  # only the first
    ]
    done = [followed("b", date(2025, 10, 20)), followed("c", date(2025, 4, 1))]

    counted = follow_ups_overdue(process_of(episodes, follow_up=done))

    rows = counted.filter(district="all").select("responsible_role", "answer", "n_persons")
    assert sorted(rows.rows()) == [
        ("all", "all", 3),
        ("all", "yes", 2),
        ("consultant", "all", 2),
        ("consultant", "yes", 1),
        ("not_stated", "all", 1),
        ("not_stated", "yes", 1),
    ]


def test_a_district_that_is_pooled_stands_under_its_area(process_of, spells_of):
    people = [{"person_id": "a", "district": "North"}, {"person_id": "b", "district": "South"}]
    episodes = [took_part(who, date(2025, 3, 1), date(2025, 6, 1)) for who in "ab"]

    process = process_of(episodes, people=people, rules={"pooled": {"Both": ("North", "South")}})

    assert _kept(process, spells_of(), "went_on", "Both") == (2, 2)
    assert _kept(process, spells_of(), "went_on", "all") == (2, 2)


def test_hours_attended_are_weighted_by_the_hours_planned_since_the_follow_up_before(process_of):
    """Two weeks of 10 hours all attended, then one week of none; one week of 40 hours, half."""
    episodes = [
        took_part("a", date(2025, 3, 1), hours_per_week=10.0),
        took_part("b", date(2025, 3, 1), hours_per_week=40.0),
        took_part("c", date(2025, 3, 1)),
    ]
    done = [
        followed("a", date(2025, 3, 15), attendance_share=1.0),
        followed("a", date(2025, 3, 22), attendance_share=0.0),
        followed("b", date(2025, 3, 8), attendance_share=0.5),
        followed("c", date(2025, 3, 8), attendance_share=0.0),  # hours not known
    ]
    nothing = {"activity_month": as_delivered({}, "activity_month")}

    counted = attended_hours(process_of(episodes, follow_up=done), nothing)

    (row,) = counted.filter(district="all", intervention_id="all").rows(named=True)
    assert row["share"] == pytest.approx((20 + 0 + 20) / (20 + 10 + 40))
    assert row["n_persons"] == 2
    # b has 40 of 70 hours: nobody moves the share by more.
    assert row["persons_apart"] / row["n_persons"] == pytest.approx(40 / 70)


def test_hours_under_the_activity_requirement_are_summed_over_the_year(process_of):
    month = as_delivered({}, "activity_month")
    columns = {"person_id": "a", "activity_type": "language", "attended_hours": 30.0}
    hours = {"assigned_hours": 60.0, "invalid_absence_hours": 15.0}
    rows = [columns | hours | {"month": date(year, 12, 1)} for year in (2024, 2025)]
    month = pl.concat([month, pl.DataFrame(rows)], how="diagonal_relaxed")

    counted = attended_hours(process_of([]), {"activity_month": month})

    shares = dict(counted.filter(district="all").select("measure", "share").iter_rows())
    assert shares == {"activity_attended": 0.5, "activity_invalid_absence": 0.25}


def test_change_is_from_the_first_rating_to_the_latest_one_of_each_person(process_of):
    episodes = [took_part(who, date(2025, 3, 1)) for who in "abc"]
    done = [
        followed("a", date(2025, 4, 1), self_rating=1),
        followed("a", date(2025, 7, 1), self_rating=5),
        followed("a", date(2025, 10, 1), self_rating=3),
        followed("b", date(2025, 4, 1), self_rating=5),
        followed("b", date(2025, 7, 1), self_rating=5),
        followed("c", date(2025, 4, 1), self_rating=2),  # rated once
    ]
    process = process_of(episodes, follow_up=done)

    changed = ability_change(process).filter(district="all", intervention_id="all")
    ends = ability_ends(process).filter(district="all", measure="self_rating")

    (row,) = changed.rows(named=True)
    assert (row["measure"], row["n_persons"], row["estimate"]) == ("self_rating", 2, 1.0)
    # Standard error: the deviation of 2 and 0, which is the root of 2, by the root of 2.
    assert row["ci_upper"] - row["estimate"] == pytest.approx(1.959964)
    assert sorted(ends.select("end_of_scale", "answer", "n_persons").rows()) == [
        ("highest", "all", 3),
        ("highest", "yes", 1),
        ("lowest", "all", 3),
        ("lowest", "yes", 1),
    ]


@pytest.mark.parametrize(
    ("through", "quarter"),
    [(date(2026, 12, 1), "2026-Q4"), (date(2026, 11, 1), "2026-Q3"), (date(2026, 2, 1), "2025-Q4")],
)
def test_the_quarter_is_the_last_that_is_known_to_its_end(params_of, through, quarter):
    extract = params_of().extract
    extract = type(extract)(data_through=through, follow_up_through=through)

    assert last_quarter(extract) == quarter


# ---- the list


def _list(process, spells, *, moments: pl.DataFrame | None = None):
    moments = table("effect_moments").empty() if moments is None else moments
    rows = worklist(process, spells, moments)
    return rows.select("reason", "person_id", "since").rows()


def test_the_list_names_who_is_overdue_since_the_day_that_was_missed_first(process_of, spells_of):
    process = process_of(
        [took_part("a", date(2025, 3, 2))], follow_up=[followed("a", date(2025, 4, 2))]
    )

    assert _list(process, spells_of()) == [("follow_up_overdue", "a", date(2025, 7, 2))]


def test_the_list_names_who_runs_without_a_plan_for_a_month(process_of, spells_of):
    episodes = [took_part("a", date(2025, 11, 30)), took_part("b", date(2025, 12, 1))]

    process = process_of(episodes, plan=[paper("c", "work_plan", date(2025, 1, 1))])

    assert _list(process, spells_of()) == [("no_plan", "a", date(2025, 11, 30))]


def test_the_list_names_whose_last_intervention_led_nowhere(process_of, spells_of):
    episodes = [
        took_part("a", date(2025, 3, 1), date(2025, 6, 1)),
        took_part("b", date(2025, 3, 1), date(2025, 6, 1)),  # came back later
        took_part("c", date(2025, 3, 1), date(2025, 6, 1)),
        took_part("c", date(2025, 10, 1), date(2025, 11, 15)),  # ended just now
    ]
    spells = spells_of(
        ("a", date(2024, 1, 1), date(2026, 1, 1), None),
        ("b", date(2024, 1, 1), date(2025, 6, 1), "work"),
        ("b", date(2025, 9, 1), date(2026, 1, 1), None),
        ("c", date(2024, 1, 1), date(2026, 1, 1), None),
    )

    assert _list(process_of(episodes), spells) == [("nothing_begun", "a", date(2025, 6, 1))]


@pytest.mark.parametrize(
    ("start", "is_named"),
    [
        (date(2025, 7, 1), False),  # six months on the first day that is not known: reached
        (date(2025, 7, 2), True),
        (date(2025, 8, 1), True),  # six months on 1 February
        (date(2025, 8, 2), False),
    ],
)
def test_the_list_names_who_reaches_a_watched_month_next(process_of, spells_of, start, is_named):
    process = process_of([took_part("a", start)], rules={"watch_months": (6,)})

    assert bool(_list(process, spells_of())) == is_named


def test_the_list_names_who_is_beyond_the_month_to_leave_or_else_the_planned_end(
    process_of, spells_of
):
    episodes = [
        took_part("a", date(2025, 9, 5)),
        took_part("b", date(2025, 9, 5), planned_end=date(2025, 12, 1)) | {"intervention_id": "y"},
        took_part("c", date(2025, 9, 5)) | {"intervention_id": "z"},  # planned for six months
    ]
    moments = pl.DataFrame(
        {
            "intervention_id": ["x", "x", "x", "y"],
            "decision": ["stop", "stop", "start", "stop"],
            "month": [3, 2, 1, 2],
            "ci_lower": [0.1, -0.1, 0.5, None],
        }
    )
    process = process_of(episodes, interventions=[{"intervention_id": "z", "planned_months": 6}])

    assert _list(process, spells_of(), moments=moments) == [
        ("beyond_planned", "b", date(2025, 12, 1)),
        ("beyond_stop_month", "a", date(2025, 12, 5)),
    ]


def test_lists_tell_districts_apart_and_count_each_person_once_for_a_reason(process_of, spells_of):
    people = [{"person_id": "a", "district": "North"}, {"person_id": "b", "district": "South"}]
    episodes = [
        took_part("a", date(2025, 3, 1)),
        took_part("a", date(2025, 3, 1)) | {"intervention_id": "y"},
        took_part("b", date(2025, 3, 1)),
    ]
    process = process_of(episodes, people=people, follow_up=[followed("c", date(2025, 1, 1))])

    rows = worklist(process, spells_of(), table("effect_moments").empty())
    size = worklist_size(rows, area="Both")

    listed = [("North", "a"), ("North", "a"), ("South", "b")]
    assert rows.select("district", "person_id").rows() == listed
    assert size.filter(pl.col("n_persons") > 0).rows() == [("Both", "follow_up_overdue", 2)]


def test_the_process_of_a_district_is_that_of_its_people(tables_of, params_of, spells_of):
    people = [{"person_id": "a", "district": "North"}, {"person_id": "b", "district": "South"}]
    delivered = tables_of(
        person=people,
        participation=[took_part(who, date(2025, 3, 1)) for who in "ab"],
        follow_up=[followed("a", date(2025, 4, 1))],
    )
    none = table("effect_moments").empty()
    alone, everybody = (
        worklist(common_process(delivered, params_of(), districts=districts), spells_of(), none)
        for districts in (("South",), None)
    )

    assert alone["person_id"].to_list() == ["b"]
    assert alone.equals(everybody.filter(district="South"))


@pytest.mark.parametrize(
    ("language", "heads", "reason", "role"),
    [
        ("sv", ("skäl", "pseudonym"), "Försenad uppföljning", "Arbetskonsulent"),
        ("en", ("reason", "pseudonym"), "Follow-up overdue", "Employment consultant"),
    ],
)
def test_the_list_is_written_in_the_words_of_those_who_work_by_it(
    process_of, spells_of, language, heads, reason, role
):
    episodes = [
        took_part("a", date(2025, 3, 1), responsible_role="consultant"),
        took_part("b", date(2025, 7, 5)),
    ]
    process = process_of(episodes, follow_up=[followed("b", date(2025, 11, 10))])
    names = pl.DataFrame({"intervention_id": ["x"], "name": ["Verkstan"]})

    rows = worklist(process, spells_of(), table("effect_moments").empty())
    written = worklist_in_words(rows, names, words(language))

    assert written.columns[:2] == list(heads)
    assert written.row(0)[:5] == (reason, "a", "Verkstan", None, role)
    assert "6" in written.row(1)[0] and written.row(1)[1] == "b"


def test_of_fewer_than_thirty_no_number_is_handed_on(process_of, spells_of):
    """28 are shown as 30; of 27 nothing is said, as if there were none."""
    people = [
        {"person_id": f"{place}{n}", "district": place}
        for place, count in (("North", 28), ("South", 27))
        for n in range(count)
    ]
    episodes = [took_part(person["person_id"], date(2025, 3, 1)) for person in people]
    plans = [paper(person["person_id"], "work_plan", date(2025, 3, 1)) for person in people]
    process = process_of(episodes, plan=plans, people=people)

    kept = of_enough(process_kept(process, spells_of())).filter(measure="work_plan", answer="yes")

    numbers = dict(kept.select("district", "n_episodes").iter_rows())
    assert numbers == {"North": 28, "South": None, "all": 55}


def test_a_district_that_is_pooled_is_shown_together_with_its_neighbours():
    rules = MonitoringRules(pooled={"Both": ("North", "South")})

    assert rules.members_of("South") == ("North", "South")
    assert rules.members_of("East") == ("East",)
