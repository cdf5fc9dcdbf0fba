from dataclasses import replace

import polars as pl
import pytest

from evalkit.disclosure import protect_estimates
from evalkit.report.document import Brief
from evalkit.report.numbers import Shelf
from evalkit.report.run_texts import protocol_texts, with_names_of_run
from evalkit.report.timing import timing_texts

KEYS = {"district": "Norr", "intervention_id": "work_training", "estimand": "start_now_rather_than_wait"}
NEVER = "start_now_rather_than_never"
MEASURES = {
    "planned_months": (None, None, 6.0, 5.8, 6.2),
    "lock_in_months": (None, None, -0.4, -0.7, -0.1),
    "break_even_month": (None, None, 15.0, 9.0, 22.0),
    "sustained_work": (0.41, 0.33, 0.08, 0.01, 0.15),
}


def _table(name: str, rows: list[tuple], last: str, values: list[str]):
    keys = [*KEYS, last]
    about = {"unit": "months", "source": "made up for this test", "grade": "M"}
    schema = {**dict.fromkeys(keys, pl.String), **dict.fromkeys(values, pl.Float64)}
    return protect_estimates(pl.DataFrame(rows, schema=schema, orient="row"), name=name, keys=keys, values=values, n_persons=None, **about)


@pytest.fixture
def said(run, words):
    """The sentences of an effect, with some measures changed, as plain text."""

    def say(*, grace_months: int = 0, **changes: tuple) -> str:
        rows = [(*KEYS.values(), name, *values) for name, values in (MEASURES | changes).items()]
        timing = _table("effect_timing", rows, "measure", ["treated", "comparison", "estimate", "ci_lower", "ci_upper"])
        never = [("Norr", "work_training", NEVER, "months_work", 7.0, 5.5, 1.5, 0.2, 2.9)]
        months = _table("effect_summary", never, "outcome", ["treated", "comparison", "difference", "ci_lower", "ci_upper"])
        tables = {table.name: table for table in (timing, months)}
        brief = Brief(run, "Norr", Shelf(tables, where="test"), {}, with_names_of_run(words, run), protocol_texts(run))
        protocols = {name: texts.model_copy(update={"grace_months": grace_months}) for name, texts in brief.protocols.items()}
        return " ".join(text.striptags() for text in timing_texts(replace(brief, protocols=protocols), KEYS))

    return say


def test_page_says_what_was_lost_when_it_was_made_up_for_and_what_never_would_be(said, words):
    text = said()

    expected = {
        "en": ["lost work compared with others", "From month 15 on", "range month 9 to 22", "41", "33", "Compared with never starting"],
        "sv": ["förlorade de som började arbete", "Från och med månad 15", "intervall månad 9 till 22", "41", "33", "aldrig börja"],
    }
    assert all(part in text for part in expected[words.language])


@pytest.mark.parametrize(
    ("months", "english", "swedish"),
    [
        ((None, None, None, 20.0, None), "the range begins at month 20", "intervallet börjar vid månad 20"),
        ((None, None, 15.0, 9.0, None), "ends only after the follow-up", "slutar först efter uppföljningen"),
        ((None, None, 1.0, 1.0, 1.0), "From the first month on", "från första månaden"),
    ],
)
def test_page_says_when_the_break_even_month_lies_beyond_the_follow_up(said, words, months, english, swedish):
    text = said(break_even_month=months)

    assert (english if words.language == "en" else swedish) in text


@pytest.mark.parametrize(
    ("grace_months", "english", "swedish"),
    [(0, "not starting now;", "att inte börja nu;"), (2, "not starting within 3 months;", "att inte börja inom 3 månader;")],
)
def test_the_other_question_says_when_the_start_may_come(said, words, grace_months, english, swedish):
    text = said(grace_months=grace_months)

    assert (english if words.language == "en" else swedish) in text
