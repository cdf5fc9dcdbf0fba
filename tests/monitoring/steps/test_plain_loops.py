"""What is counted with joins is what a loop over each person's own rows finds, in a simulated
city.
"""

from collections import defaultdict

import pytest

from evalkit.line.states import STATES
from evalkit.monitoring.steps.ladder import places_after
from evalkit.monitoring.steps.readiness import first_readings
from evalkit.months import month_number
from evalkit.shipped import shipped
from evalkit.simulate import live, load_city
from tests.monitoring.steps.simulated import read_by_monitoring

CLASS_OF = dict(STATES.select("outcome", "state_class").iter_rows())
CRITERIA = (
    "manages_participation",
    "manages_travel",
    "has_no_active_abuse",
    "handles_conflict",
    "is_motivated",
)
FOREVER = 10**6


@pytest.fixture(scope="module")
def city():
    """Six hundred people of the demo city, their rows by person."""
    declared = load_city("demo_city", shipped("params", "cities"))
    tables, followed = read_by_monitoring(declared, live(declared, seed=4, first=0, stop=600))
    step_of = dict(tables["intervention"].select("intervention_id", "ladder_step").iter_rows())
    episodes, lived, follow_ups = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in tables["participation"].sort("person_id", "start").iter_rows(named=True):
        stop = month_number(row["end"]) if row["end"] else FOREVER
        episodes[row["person_id"]].append(
            {**row, "from": month_number(row["start"]), "to": stop}
            | {"step": step_of[row["intervention_id"]]}
        )
    for row in tables["state_intervals"].iter_rows(named=True):
        lived[row["person_id"]].append((row["from_state"], row["start_month"], row["stop_month"]))
    for row in tables["follow_up"].sort("date", "intervention_id").iter_rows(named=True):
        follow_ups[row["person_id"]].append(row)
    return tables, followed, episodes, lived, follow_ups, max(step_of.values())


def state_in(lived, month, first):
    return next((state for state, start, stop in lived if start <= month - first < stop), None)


def test_places_are_those_that_a_loop_finds(city):
    tables, followed, episodes, lived, *_ = city
    rules, expected = followed.rules, {}
    last = followed.last - rules.ladder_after_months
    for person, own in episodes.items():
        for one in own:
            key = (person, one["step"])
            if key in expected or not last - rules.ladder_starts_months < one["from"] <= last:
                continue
            month = one["from"] + rules.ladder_after_months
            state_class = CLASS_OF.get(state_in(lived[person], month, followed.first))
            running = [other["step"] for other in own if other["from"] <= month < other["to"]]
            if state_class == "out":
                place = "out_otherwise"
            elif state_class == "self_support":
                place = "self_support"
            elif running:
                highest = max(running)
                place = "up" if highest > one["step"] else "same"
                place = "down" if highest < one["step"] else place
            elif state_class == "support":
                place = "on_support"
            elif state_class in (None, "unknown"):
                place = "unknown"
            else:
                place = "out_otherwise"
            expected[key] = place

    found = places_after(tables, followed).select("person_id", "ladder_step", "place")

    assert {(person, step): place for person, step, place in found.iter_rows()} == expected
    assert len(expected) > 100


def test_readings_are_those_that_a_loop_finds(city):
    tables, followed, episodes, lived, follow_ups, top = city
    expected = {}
    for person, rows in follow_ups.items():
        asked = [
            (row, one)
            for row in rows
            for one in episodes[person]
            if row["intervention_id"] == one["intervention_id"]
            and one["from"] <= month_number(row["date"]) < one["to"]
            and one["step"] < top
        ]
        if not asked:
            continue
        row, one = asked[0]
        month = month_number(row["date"])
        months = range(month + 1, month + 1 + followed.rules.next_step_months)
        is_known = month + followed.rules.next_step_months <= followed.last
        if not is_known or state_in(lived[person], month, followed.first) == "work":
            continue
        goes_on = (
            (one["end_reason"] == "job_centre" and one["to"] in months)
            or any(o["step"] > one["step"] and o["from"] in months for o in episodes[person])
            or any(state_in(lived[person], m, followed.first) == "work" for m in months)
        )
        expected[person] = (sum(row[name] for name in CRITERIA), goes_on)

    found = first_readings(tables, followed).select("person_id", "n_criteria", "has_next_step")

    assert {person: (met, goes_on) for person, met, goes_on in found.iter_rows()} == expected
    assert sum(goes_on for _, goes_on in expected.values()) > 20
