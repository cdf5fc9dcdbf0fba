"""Actions by hand: how far each has come, how many there are, and whom they reached."""

from datetime import date

import polars as pl
import pytest

from evalkit.line.delivered import delivered
from evalkit.line.tables import published, table
from evalkit.monitoring.programme.actions import (
    programme_actions,
    programme_reach,
    programme_themes,
)
from evalkit.monitoring_rules import MonitoringRules
from evalkit.params import Extract

EXTRACT = Extract.model_validate(
    {"folder": "x", "first_month": "2017-01", "data_through": "2018-12"}
)
NEXT_YEAR, YEAR_BEFORE = date(2019, 3, 1), date(2017, 3, 1)


def _action(district, action_id, **values):
    return {
        "district": district,
        "action_id": action_id,
        "theme": "outreach",
        "start": YEAR_BEFORE,
        **values,
    }


def _delivered(name, rows):
    return pl.DataFrame(rows, schema=delivered()[name].schema)


def _actions(*rows):
    return programme_actions(_delivered("action", list(rows)), EXTRACT)


def _reach(actions, *, starts=(), lived=(), outreach=(), pooled=None):
    schema = table("state_intervals").schema
    return programme_reach(
        actions,
        participation=_delivered(
            "participation",
            [
                {"person_id": person, "intervention_id": what, "start": when}
                for person, what, when in starts
            ],
        ),
        outreach=_delivered(
            "outreach",
            [
                {"district": where, "month": when, "target_group": group, "n_entered": n}
                for where, when, group, n in outreach
            ],
        ),
        state_intervals=pl.DataFrame(
            [
                {"person_id": person, "district": where, "start_month": first, "stop_month": stop}
                for person, where, first, stop in lived
            ],
            schema=schema,
        ),
        extract=EXTRACT,
        rules=MonitoringRules(pooled=pooled or {}),
    )


@pytest.mark.parametrize(
    ("dates", "status", "progress"),
    [
        ({"start": NEXT_YEAR}, None, "planned"),
        ({"start": YEAR_BEFORE}, None, "running"),
        ({"start": YEAR_BEFORE, "end": date(2018, 1, 1)}, None, "done"),
        ({"start": YEAR_BEFORE, "end": NEXT_YEAR}, None, "running"),
        ({"start": YEAR_BEFORE, "end": date(2018, 1, 1)}, "stopped", "stopped"),
    ],
)
def test_an_action_has_come_as_far_as_its_sender_or_its_dates_say(dates, status, progress):
    actions = _actions(_action("Norr", "a", status=status, **dates))

    assert actions["progress"].to_list() == [progress]
    assert actions["kind"].to_list() == ["way_of_working"]
    assert actions.columns == list(published("programme_actions").columns)


def test_an_action_of_several_districts_is_one_and_its_money_adds_up():
    money = {"amount": 100.0, "currency": "SEK"}
    actions = _actions(
        _action("Norr", "shared", status="done", **money),
        _action("Söder", "shared", status="running", **money),
        _action("Söder", "own", status="running", theme="other"),
    )

    themes = programme_themes(actions)

    counted = {(row[0], row[1]): row[2:] for row in themes.iter_rows() if row[2]}
    assert counted == {
        ("all", "all"): (2, 200.0, "SEK"),
        ("all", "done"): (1, 100.0, "SEK"),
        ("all", "running"): (2, 100.0, "SEK"),
        ("outreach", "all"): (1, 200.0, "SEK"),
        ("outreach", "done"): (1, 100.0, "SEK"),
        ("outreach", "running"): (1, 100.0, "SEK"),
        ("other", "all"): (1, None, None),
        ("other", "running"): (1, None, None),
    }
    assert themes.filter(theme="other", progress="stopped")["n_actions"].item() == 0


def test_amounts_of_two_currencies_are_not_added():
    actions = _actions(
        _action("Norr", "a", amount=100.0, currency="SEK"),
        _action("Söder", "b", amount=100.0, currency="EUR"),
    )

    assert programme_themes(actions).filter(progress="all")["amount"].to_list() == [None, None]


def test_reached_are_those_who_began_what_it_uses_where_they_lived_while_it_ran():
    actions = _actions(
        _action("Norr", "a", interventions="course help", end=date(2018, 1, 1)),
        _action("Söder", "a", interventions="course help", end=date(2018, 1, 1)),
        _action("Söder", "waits", interventions="course", status="planned"),
        _action("Söder", "names_nothing"),
    )
    june = date(2017, 6, 1)

    reach = _reach(
        actions,
        starts=[
            ("twice", "course", june),
            ("twice", "help", date(2017, 9, 1)),
            ("moves", "course", june),
            ("moves", "help", date(2017, 12, 1)),
            ("before", "course", date(2017, 2, 1)),
            ("after", "course", date(2018, 1, 1)),
            ("another", "practice", june),
            ("elsewhere", "course", june),
        ],
        lived=[
            *((person, "Norr", 0, 24) for person in ("twice", "before", "after", "another")),
            ("moves", "Norr", 0, 7),
            ("moves", "Söder", 7, 24),
            ("elsewhere", "Väster", 0, 24),
        ],
    )

    assert reach.rows() == [
        ("Norr", "a", "started", 2),
        ("Söder", "a", "started", 1),
        ("all", "a", "started", 2),
    ]


def test_the_home_district_of_the_start_is_believed_where_it_is_registered():
    actions = _actions(_action("Söder", "a", interventions="course"))
    start = {"person_id": "one", "intervention_id": "course", "start": date(2017, 6, 1)}

    reach = programme_reach(
        actions,
        participation=_delivered("participation", [{**start, "home_district": "Söder"}]),
        outreach=_delivered("outreach", []),
        state_intervals=table("state_intervals").empty(),
        extract=EXTRACT,
        rules=MonitoringRules(),
    )

    assert reach["n_persons"].to_list() == [1, 1]


def test_outreach_counts_for_the_actions_to_its_target_group():
    actions = _actions(
        _action("Norr", "young", target_group="neet"),
        _action("Söder", "young", target_group="neet"),
        _action("Söder", "women", target_group="women_at_home"),
        _action("Söder", "nobody_counts", target_group="others"),
    )

    reach = _reach(
        actions,
        outreach=[
            ("Norr", date(2017, 2, 1), "neet", 7),
            ("Norr", date(2017, 3, 1), "neet", 4),
            ("Söder", date(2018, 12, 1), "neet", 3),
            ("Söder", date(2018, 12, 1), "women_at_home", 0),
        ],
    )

    assert reach.rows() == [
        ("Norr", "young", "entered", 4),
        ("Söder", "women", "entered", 0),
        ("Söder", "young", "entered", 3),
        ("all", "women", "entered", 0),
        ("all", "young", "entered", 7),
    ]


def test_those_of_districts_that_are_pooled_are_reached_in_their_area():
    actions = _actions(_action("Norr", "a", interventions="course"))

    reach = _reach(
        actions,
        starts=[("one", "course", date(2017, 6, 1))],
        lived=[("one", "Norr", 0, 24)],
        pooled={"Norr och Söder": ["Norr", "Söder"]},
    )

    assert reach["district"].to_list() == ["Norr och Söder", "all"]


def test_without_actions_there_is_nothing():
    actions = _actions()

    assert programme_themes(actions).is_empty()
    assert _reach(actions).is_empty()
