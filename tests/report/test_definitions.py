"""Work by both definitions, and months without support that are never called work."""

from dataclasses import replace

import polars as pl
import pytest

from evalkit.disclosure import protect_estimates
from evalkit.line.protocol_parts import NextStep
from evalkit.report.evidence.certainty import how_sure
from evalkit.report.parts.definitions import definition_text, tells_work
from evalkit.report.shell import brief_of

KEYS = {
    "district": "Norr",
    "intervention_id": "work_training",
    "estimand": "start_now_rather_than_wait",
}
LIMITS = ["difference", "ci_lower", "ci_upper"]


@pytest.fixture
def told(run, words):
    """The sentence beside the figure of an effect on an outcome, as plain text."""

    def tell(outcome: str, **months: tuple[float, float, float]) -> str:
        rows = [(*KEYS.values(), f"months_{name}", *values) for name, values in months.items()]
        schema = dict.fromkeys([*KEYS, "outcome"], pl.String) | dict.fromkeys(LIMITS, pl.Float64)
        table = protect_estimates(
            pl.DataFrame(rows, schema=schema, orient="row"),
            name="effect_summary",
            keys=[*KEYS, "outcome"],
            values=LIMITS,
            n_persons=None,
            unit="months",
            source="made up for this test",
            grade="M",
        )
        brief = brief_of(run, "Norr", {table.name: table}, {}, words)
        about = replace(brief, words=brief.words.about(outcome))
        assert tells_work(about) == (outcome != "without_support")
        return " ".join(text.striptags() for text in definition_text(about, KEYS))

    return tell


@pytest.mark.parametrize(
    ("outcome", "other", "english", "swedish"),
    [
        ("work", "any_work", "subsidised work too", "även subventionerat arbete"),
        ("any_work", "work", "unsubsidised work alone", "bara arbete utan subvention"),
    ],
)
def test_an_effect_on_work_is_told_by_the_other_definition_too(
    told, words, outcome, other, english, swedish
):
    text = told(outcome, **{outcome: (1.0, 0.5, 1.5), other: (2.25, 1.5, 3.0)})

    assert (english if words.language == "en" else swedish) in text
    assert words.interval(1.5, 3.0, 1) in text


def test_nothing_is_told_where_subsidised_work_is_not_among_the_outcomes(told):
    assert told("work", work=(1.0, 0.5, 1.5)) == ""
    assert told("studies", studies=(1.0, 0.5, 1.5), any_work=(2.0, 1.5, 3.0)) == ""


def test_months_without_support_are_said_not_to_be_work(told, words):
    text = told("without_support", without_support=(1.0, 0.5, 1.5), any_work=(2.0, 1.5, 3.0))

    said = {"en": "not the same as working", "sv": "inte detsamma som att arbeta"}
    assert said[words.language] in text


def test_closer_to_work_says_what_the_next_step_is_and_how_much_of_it_is_work(run, tables, words):
    brief = brief_of(run, "Norr", tables, {}, words)
    step = NextStep(ladder_step=3)
    protocols = {
        name: one.model_copy(update={"primary_outcome": "closer", "next_step": step})
        for name, one in brief.protocols.items()
    }

    told = replace(brief, protocols=protocols).about(KEYS["intervention_id"])

    first, otherwise = (text.striptags() for text in definition_text(told, KEYS))
    said = {
        "en": ("Closer to work means here", "In work without subsidy alone"),
        "sv": ("Närmare arbete betyder här", "Räknat bara i arbete utan subvention"),
    }
    assert first.startswith(said[words.language][0])
    assert otherwise.startswith(said[words.language][1])


def test_months_without_support_are_told_with_and_without_those_who_leave_at_once(
    run, tables, words
):
    brief = brief_of(run, "all", tables, {}, words)
    changes = {"primary_outcome": "without_support", "leavers_in_month_one": "stay"}
    protocols = {name: one.model_copy(update=changes) for name, one in brief.protocols.items()}

    of_work, of_support = how_sure(brief), how_sure(replace(brief, protocols=protocols))

    said = {"en": "is compared too. Were they not", "sv": "är med i jämförelsen. Vore de inte med"}
    assert said[words.language] not in _text(of_work)
    assert said[words.language] in _text(of_support)


def _text(section) -> str:
    return " ".join(text.striptags() for block in section.blocks for text in block.text)
