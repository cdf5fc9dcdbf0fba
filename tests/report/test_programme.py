"""The page about the programme of actions: how far they have come, whom they reached, and what is
known of each.
"""

import re
from datetime import date

import polars as pl
import pytest

from evalkit.disclosure import protected
from evalkit.line.delivered import delivered
from evalkit.line.tables import published
from evalkit.monitoring.programme.actions import programme_actions, programme_themes
from evalkit.report.site import write_decision_page, write_programme
from evalkit.words import words_of_run

ACTIONS = [
    {
        "district": district,
        "action_id": "women_at_home",
        "theme": "outreach",
        "kind": "general",
        "title": "Kvinnor hemma",
        "title_en": "Women at home",
        "responsible": "Jobbtorg Norr",
        "target_group": "women_at_home",
        "status": "running",
        "amount": 250_000.0,
        "currency": "SEK",
    }
    for district in ("Norr", "Söder")
] + [
    {
        "district": "Norr",
        "action_id": "training",
        "theme": "long_term_support",
        "kind": "local",
        "title": "Mer arbetsträning",
        "interventions": "work_training unknown_to_the_run",
        "status": "done",
    },
    {
        "district": "Söder",
        "action_id": "centre",
        "theme": "other",
        "kind": "local",
        "title": "Ett hus",
        "status": "planned",
    },
    {
        "district": "Söder",
        "action_id": "talks",
        "theme": "other",
        "kind": "local",
        "title": "Samtal",
        "status": "stopped",
    },
]


@pytest.fixture
def programme(run):
    """The published tables of the programme."""
    rows = [{"start": date(2020, 1, 1), **row} for row in ACTIONS]
    actions = programme_actions(
        pl.DataFrame(rows, schema=delivered()["action"].schema), run.params.extract
    )
    reach = pl.DataFrame(
        [
            *(("all", "women_at_home", "entered", 41), ("Norr", "women_at_home", "entered", 23)),
            ("Söder", "women_at_home", "entered", 18),
            *((district, "training", "started", 64) for district in ("Norr", "all")),
        ],
        schema=dict(published("programme_reach").schema),
        orient="row",
    )
    made = {
        "programme_actions": actions,
        "programme_themes": programme_themes(actions),
        "programme_reach": reach,
    }
    return {name: protected(table, name, run) for name, table in made.items()}


@pytest.fixture
def page(run, tables, programme):
    """The page in a language, as plain text."""

    def write(language: str, **changed) -> str:
        paths = write_programme(run, {**tables, **programme, **changed})
        (path,) = (path for path in paths if f"/{language}/" in path.as_posix())
        body = re.sub(r"<(style|script)>.*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body)).replace("\xa0", " ")

    return write


def test_the_page_opens_with_how_far_the_actions_have_come(page):
    assert (
        "Actions in the programme: 4, of which 1 under way, 1 done, 1 stopped and 1 not begun."
        in page("en")
    )
    assert (
        "Åtgärder i programmet: 4. Av dem pågår 1, är 1 avslutade, har 1 avbrutits och har 1 inte"
        in page("sv")
    )
    assert "Money set aside: SEK 500,000." in page("en")


def test_a_shared_action_is_told_once_with_all_whom_it_reached(page):
    text = page("en")

    assert "Women at homeNorr and Söder · Jobbtorg Norr · under way40 entered through" in text
    assert "Kvinnor hemma" not in text


def test_what_is_known_of_an_action_is_that_of_what_it_uses(page):
    text = page("en")

    assert "65 people began an intervention that it uses. Known of work training: −0.6" in text
    assert "Nothing is known of what unknown_to_the_run changes: the run does not ask." in text
    assert "Ett husSöder · not begunIt has not begun, so it has reached nobody." in text
    assert "SamtalSöder · stoppedNo intervention is registered for it" in text


def test_an_intervention_without_a_word_is_called_as_in_the_register(page, run):
    names = pl.DataFrame(
        {"ladder_step": [2], "intervention_id": ["unknown_to_the_run"], "name": ["Kurs"]},
        schema_overrides=dict(published("ladder_steps").schema),
    )

    text = page("en", ladder_steps=protected(names, "ladder_steps", run))

    assert "Nothing is known of what Kurs changes: the run does not ask." in text


def test_a_way_of_working_of_which_nothing_can_be_said_says_why(page, run):
    row = {name: None for name in published("rollout_effects").schema} | {
        "action_id": "one_door",
        "outcome": "exit",
        "verdict": "trend_before",
        "n_persons": 500,
    }
    way = {**ACTIONS[-1], "action_id": "one_door", "kind": "way_of_working", "title": "En väg in"}
    actions = programme_actions(
        pl.DataFrame([{**way, "start": date(2020, 1, 1)}], schema=delivered()["action"].schema),
        run.params.extract,
    )
    effects = pl.DataFrame([row], schema=dict(published("rollout_effects").schema))

    text = page(
        "en",
        programme_actions=protected(actions, "programme_actions", run),
        programme_themes=protected(programme_themes(actions), "programme_themes", run),
        rollout_effects=protected(effects, "rollout_effects", run),
    )

    assert "What it changes cannot be said: the districts were on another course" in text


def test_a_title_without_a_translation_says_its_language(run, tables, programme):
    paths = write_programme(run, {**tables, **programme})
    english = next(path for path in paths if "/en/" in path.as_posix()).read_text("utf-8")

    assert '<span lang="sv">Mer arbetsträning</span>' in english
    assert 'lang="sv">Women' not in english


def test_all_pages_lead_to_the_programme_where_there_is_one(run, tables, programme):
    words = words_of_run(run, "en")

    with_one = write_decision_page(run, "all", {**tables, **programme}, words).read_text("utf-8")
    without = write_decision_page(run, "all", tables, words).read_text("utf-8")

    assert 'href="about/programme.html">The programme</a>' in with_one
    assert "programme.html" not in without


def test_without_actions_there_is_no_page(run, tables):
    assert write_programme(run, tables) == ()
    assert not list(run.run_dir.rglob("programme.html"))
