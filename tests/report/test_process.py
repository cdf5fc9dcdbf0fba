"""The section on the common process: what its lead can say, its picture, and nothing where neither
plans nor follow-ups were delivered.
"""

import re
from html import unescape

import polars as pl
import pytest

from evalkit.disclosure import protected
from evalkit.report.site import write_district_page, write_overview
from evalkit.words import words_of_run

PLAN, FOLLOW_UPS, NEXT_STEP = ("plan", 150, 200), ("follow_ups", 240, 300), ("went_on", 40, 80)


def _published(rows, columns, name, run, **where):
    return protected(pl.DataFrame(rows, schema=columns, orient="row"), name, run, **where)


def _kept(run, *steps, district="Norr"):
    """Steps as (measure, done, asked for), or with their district before them."""
    with_district = [step if len(step) == 4 else (district, *step) for step in steps]
    rows = [
        (where, measure, answer, 2023, n, whole)
        for where, measure, done, whole in with_district
        for answer, n in (("all", done and whole), ("yes", done))
    ]
    columns = {
        **dict.fromkeys(("district", "measure", "answer"), pl.String),
        **dict.fromkeys(("year", "n_episodes", "n_whole"), pl.Int32),
    }
    return _published(rows, columns, "process_kept", run)


def _overdue(run):
    rows = [
        ("Norr", role, answer, n, 60)
        for role, n_overdue in (("case_worker", 20), ("all", 20))
        for answer, n in (("all", 60), ("yes", n_overdue))
    ]
    columns = ["district", "responsible_role", "answer", "n_persons", "n_whole"]
    return _published(rows, columns, "follow_ups_overdue", run)


def _changes(run, low, high):
    rows = [("Norr", "all", "self_rating", 900, (low + high) / 2, low, high)]
    numbers = ["n_persons", "estimate", "ci_lower", "ci_upper"]
    columns = ["district", "intervention_id", "measure", *numbers]
    return _published(rows, columns, "ability_change", run)


def _list(run):
    rows = [("Norr", "no_plan", 12), ("Norr", "follow_up_overdue", 20)]
    columns = ["district", "reason", "n_persons"]
    return _published(rows, columns, "worklist_size", run, district="Norr")


def _section(path):
    html = path.read_text(encoding="utf-8")
    found = re.search(r'<section[^>]*"process[^>]*>.*?</section>', html, flags=re.DOTALL)
    return found and found[0]


@pytest.fixture
def section(run, tables):
    """The text of the section on a district's page; None if the page has none."""

    def write(language="en", of=run, district="Norr", **own):
        shown = {name: table for name, table in tables.items() if name == "people"} | own
        words = words_of_run(of, language)
        return _section(write_district_page(of, district, shown, {}, words))

    return write


@pytest.fixture
def city_section(run, tables):
    """The same of the city's page."""

    def write(**own):
        shown = {name: table for name, table in tables.items() if name == "people"} | own
        return _section(write_overview(run, shown, {}, words_of_run(run, "en")))

    return write


def _text(html):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html)))


@pytest.mark.parametrize(
    ("steps", "lead"),
    [
        (
            (PLAN, FOLLOW_UPS),
            "Of the starts in interventions in 2023, 75% had a plan, and of the follow-ups that "
            "were due in them, 80% were done in time.",
        ),
        ((PLAN,), "Of the starts in interventions in 2023, 75% had a plan."),
        (
            (FOLLOW_UPS,),
            "Of the follow-ups that were due after starts in interventions in 2023, 80% were done "
            "in time.",
        ),
        (
            (("plan", 12, 20),),
            "Too few started in interventions in 2023 to say what share of them keeps the common "
            "process.",
        ),
    ],
)
def test_the_lead_says_of_plans_and_follow_ups_what_can_be_said(run, section, steps, lead):
    assert lead in _text(section(process_kept=_kept(run, *steps)))


def test_a_step_of_few_is_not_drawn(run, section):
    html = section(process_kept=_kept(run, ("plan", None, 20), ("follow_ups", 240, 300)))

    assert "Any plan," not in _text(html) and "All follow-ups in time, 240 of 300" in _text(html)
    assert 'class="bars"' not in section(process_kept=_kept(run, ("plan", None, 20)))


def test_there_is_no_section_where_neither_plans_nor_follow_ups_were_delivered(run, section):
    assert section() is None
    assert section(process_kept=_kept(run, NEXT_STEP)) is None


def test_the_picture_has_a_bar_for_each_step_in_the_order_of_the_process(run, section):
    html = section(process_kept=_kept(run, FOLLOW_UPS, NEXT_STEP, PLAN))

    picture = re.search(r'<svg class="bars".*?</svg>', html, flags=re.DOTALL)[0]
    texts = [_text(one) for one in re.findall(r"<text.*?</text>", picture)]
    assert texts == [
        *("Any plan, 150 of 200", "75%"),
        *("All follow-ups in time, 240 of 300", "80%"),
        *("Going on after the end, 40 of 80", "50%"),
    ]


@pytest.mark.parametrize(
    ("low", "high", "sentence"),
    [
        (0.2, 0.4, "these have changed: the person's own rating by +0.3 (0.2 to 0.4)"),
        (-0.1, 0.3, "Whether abilities have changed from the first follow-up to the latest"),
    ],
)
def test_a_change_is_told_where_its_range_is_clear_of_none(run, section, low, high, sentence):
    changes = _changes(run, low, high)

    text = _text(section(process_kept=_kept(run, PLAN), ability_change=changes))

    assert sentence in text


def test_who_is_overdue_and_how_many_are_on_the_list_is_told(run, section):
    shown = {
        "process_kept": _kept(run, FOLLOW_UPS),
        "follow_ups_overdue": _overdue(run),
        "worklist_size": _list(run),
    }

    text = _text(section(**shown))

    assert "overdue for 20 of 60 people" in text
    assert "deleted after 90 days" in text
    assert text.index("Follow-up overdue") < text.index("No plan")


@pytest.mark.parametrize(
    ("done", "sentence"),
    [
        (40, "The lowest share of follow-ups in time is 40% (Söder), the highest 80% (Norr)."),
        (75, "The districts' shares of follow-ups in time cannot be told apart."),
    ],
)
def test_the_city_names_districts_that_are_further_apart_than_chance(
    run, city_section, done, sentence
):
    steps = [
        ("all", "follow_ups", 240 + done, 400),
        ("Norr", "follow_ups", 240, 300),
        ("Söder", "follow_ups", done, 100),
    ]

    text = _text(city_section(process_kept=_kept(run, *steps)))

    assert sentence in text
    assert "The districts beside each other" in text


def test_a_pooled_district_shows_its_area_and_says_so(run, section):
    monitoring = run.params.monitoring.model_copy(
        update={"pooled": {"Söderort": ("Norr", "Söder")}}
    )
    pooled = run.model_copy(
        update={"params": run.params.model_copy(update={"monitoring": monitoring})}
    )

    text = _text(section(of=pooled, process_kept=_kept(run, PLAN, district="Söderort")))

    assert "Norr is too small to be shown alone" in text and "as Söderort" in text
    assert "75% had a plan" in text


def test_the_swedish_section_uses_the_words_of_the_service(run, section):
    text = _text(section("sv", process_kept=_kept(run, ("work_plan", 90, 200), FOLLOW_UPS)))

    assert "Hålls den gemensamma processen?" in text
    assert "Arbetsplan, 90 av 200" in text
