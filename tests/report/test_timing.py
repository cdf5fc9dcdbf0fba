from dataclasses import replace

import polars as pl
import pytest
from markupsafe import Markup

from evalkit.disclosure import protect_estimates
from evalkit.report.evidence.effects import Effect
from evalkit.report.evidence.timing import start_stop_tables, start_stop_text, timing_texts
from evalkit.report.parts.numbers import Row
from evalkit.report.shell import brief_of

KEYS = {
    "district": "Norr",
    "intervention_id": "work_training",
    "estimand": "start_now_rather_than_wait",
}
EFFECT = Effect(
    KEYS["intervention_id"],
    KEYS["estimand"],
    verdict=Row("effect_status", 0, "ok", "M", {**KEYS, "effect_state": "estimated"}),
)
NEVER = "start_now_rather_than_never"
MEASURES = {
    "planned_months": (None, None, 6.0, 5.8, 6.2),
    "lock_in_months": (None, None, -0.4, -0.7, -0.1),
    "break_even_month": (None, None, 15.0, 9.0, 22.0),
    "sustained_work": (0.41, 0.33, 0.08, 0.01, 0.15),
    "sustained_exit": (0.76, 0.64, 0.12, 0.02, 0.21),
}


def _table(name: str, rows: list[tuple], last: str, values: list[str]):
    keys = [*KEYS, last]
    about = {"unit": "months", "source": "made up for this test", "grade": "M"}
    schema = {**dict.fromkeys(keys, pl.String), **dict.fromkeys(values, pl.Float64)}
    return protect_estimates(
        pl.DataFrame(rows, schema=schema, orient="row"),
        name=name,
        keys=keys,
        values=values,
        n_persons=None,
        **about,
    )


@pytest.fixture
def said(run, words):
    """The sentences of an effect, with some measures changed, as plain text."""

    def say(*, grace_months: int = 0, **changes: tuple) -> str:
        rows = [(*KEYS.values(), name, *values) for name, values in (MEASURES | changes).items()]
        timing = _table(
            "effect_timing",
            rows,
            "measure",
            ["treated", "comparison", "estimate", "ci_lower", "ci_upper"],
        )
        never = [("Norr", "work_training", NEVER, "months_work", 7.0, 5.5, 1.5, 0.2, 2.9)]
        months = _table(
            "effect_summary",
            never,
            "outcome",
            ["treated", "comparison", "difference", "ci_lower", "ci_upper"],
        )
        tables = {table.name: table for table in (timing, months)}
        brief = brief_of(run, "Norr", tables, {}, words)
        protocols = {
            name: texts.model_copy(update={"grace_months": grace_months})
            for name, texts in brief.protocols.items()
        }
        return " ".join(
            text.striptags() for text in timing_texts(replace(brief, protocols=protocols), EFFECT)
        )

    return say


def test_page_says_what_was_lost_when_it_was_made_up_for_and_what_never_would_be(said, words):
    text = said()

    expected = {
        "en": [
            "spent less time in work than others",
            "From month 15 on",
            "range month 9 to 22",
            "41",
            "33",
            "At least three months in a row without income support came to 76",
            "Compared with never starting",
        ],
        "sv": [
            "var de som började kortare tid i arbete än andra",
            "Från och med månad 15",
            "intervall månad 9 till 22",
            "41",
            "33",
            "Minst tre månader i rad utan ekonomiskt bistånd hade 76",
            "aldrig börja",
        ],
    }
    assert all(part in text for part in expected[words.language])


def test_an_exit_that_the_intervention_itself_is_goes_without_saying(said):
    everybody = said(sustained_exit=(1.0, 0.74, 0.26, 0.2, 0.3))

    assert "76" in said()
    assert "100" not in everybody
    assert "74" not in everybody


@pytest.mark.parametrize(
    ("months", "english", "swedish"),
    [
        (
            (None, None, None, 20.0, None),
            "the range begins at month 20",
            "intervallet börjar vid månad 20",
        ),
        (
            (None, None, 15.0, 9.0, None),
            "ends only after the follow-up",
            "slutar först efter uppföljningen",
        ),
        ((None, None, 1.0, 1.0, 1.0), "From the first month on", "från första månaden"),
    ],
)
def test_page_says_when_the_break_even_month_lies_beyond_the_follow_up(
    said, words, months, english, swedish
):
    text = said(break_even_month=months)

    assert (english if words.language == "en" else swedish) in text


@pytest.mark.parametrize(
    ("grace_months", "english", "swedish"),
    [
        (0, "not starting now;", "att inte börja nu;"),
        (2, "not starting within 3 months;", "att inte börja inom 3 månader;"),
    ],
)
def test_the_other_question_says_when_the_start_may_come(
    said, words, grace_months, english, swedish
):
    text = said(grace_months=grace_months)

    assert (english if words.language == "en" else swedish) in text


@pytest.fixture
def moments(run, words):
    """The sentences and the table's cells on when to start and stop, as plain text."""

    def say(rows: list[tuple]) -> tuple[str, list[list[str]]]:
        keys = ["district", "intervention_id", "decision", "month"]
        values = ["difference", "ci_lower", "ci_upper", "effect_state", "reason"]
        schema = dict(
            zip(
                [*keys, *values],
                [*[pl.String] * 3, pl.Int32, *[pl.Float64] * 3, *[pl.String] * 2],
                strict=True,
            )
        )
        people = {"n_starters": pl.Int32}
        made = pl.DataFrame(
            [("all", "work_training", *row) for row in rows], schema=schema | people, orient="row"
        )
        about = {"unit": "months", "source": "made up for this test", "grade": "M"}
        table = protect_estimates(
            made, name="effect_moments", keys=keys, values=values, n_persons="n_starters", **about
        )
        brief = brief_of(run, "all", {table.name: table}, {}, words, intervention="work_training")
        body = [row for shown in start_stop_tables(brief, "work_training") for row in shown.rows]
        cells = [[str(Markup(cell).striptags()) for cell in row] for row in body]
        return " ".join(text.striptags() for text in start_stop_text(brief, "work_training")), cells

    return say


def test_page_says_when_to_start_and_that_stopping_cannot_be_told(moments, words):
    rows = [
        ("start", 3, 2.1, 0.7, 3.8, "estimated", None, 4000),
        ("start", 6, 1.7, 0.5, 3.8, "estimated", None, 3000),
        ("start", 12, 0.2, -1.0, 1.4, "estimated", None, 3000),
        ("stop", 2, 0.3, -0.7, 1.5, "estimated", None, 2000),
        ("dose", 6, -1.5, -2.6, -0.4, "estimated", None, 2000),
    ]

    text, cells = moments(rows)

    expected = {
        "en": [
            "on income support for about 3 and 6 months",
            "leave early or to go on, the data cannot tell",
            "at least 6 months",
            "less time in work",
        ],
        "sv": [
            "i ungefär 3 och 6 månader",
            "Om det är bättre att sluta i förtid",
            "minst 6 månader",
            "kortare tid i arbete",
        ],
    }
    assert all(part in text for part in expected[words.language])
    # In the order of the table's keys within a decision, decisions as they come in a person's time.
    assert [cell[0][:5] for cell in cells] == {
        "en": ["Start"] * 3 + ["Leave", "Take "],
        "sv": ["Börja"] * 3 + ["Sluta", "Delta"],
    }[words.language]


def test_page_says_nothing_of_moments_that_are_withheld_or_refused(moments, words):
    rows = [
        ("start", 3, 2.1, 0.7, 3.8, "estimated", None, 3),
        ("stop", 2, None, None, None, "cannot_be_said", "few_starters", 20),
    ]

    text, cells = moments(rows)

    assert text == ""
    assert [cell[1] for cell in cells] == [
        words.text("mark.suppressed"),
        words.text("cannot_be_said"),
    ]


def test_page_without_moments_has_no_table_of_them(moments):
    assert moments([]) == ("", [])
