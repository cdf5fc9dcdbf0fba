"""The answer where nothing is valued: who gives more months, and by how much."""

import re
from html import unescape
from types import MappingProxyType

import pytest

from evalkit.report.decision.answer_sentences import answer_in_sentences
from evalkit.report.decision.offered import offered

WAIT = "start_now_rather_than_wait"
MORE, LIKELY = (2.0, 1.0, 3.0, 0.99), (0.9, -0.1, 1.9, 0.96)
UNCLEAR, FEWER = (0.1, -1.0, 1.2, 0.5), (-2.0, -3.0, -1.0, 0.01)
PROBABLY = (0.5, -0.4, 1.4, 0.85)


@pytest.fixture
def told(run_of_two, brief_with, offered_tables, published):
    """The sentences of a page whose interventions have months and no value, by id."""

    def make(language="en", figures="own", run=run_of_two, outcomes=MappingProxyType({}), **months):
        records = [
            {
                "id": name,
                "months": values,
                "figures": figures,
                "outcome": outcomes.get(name, "work"),
            }
            for name, values in months.items()
        ]
        scope = "all" if figures.startswith("city") else "Norr"
        curves = [
            {
                **{"district": scope, "intervention_id": name, "estimand": WAIT},
                **{"state": outcomes.get(name, "work"), "arm": "difference", "month": month},
                **{"estimate": 0.1, "ci_lower": 0.0, "ci_upper": 0.2},
            }
            for name in months
            for month in range(25)
        ]
        tables = [*offered_tables(*records, district="Norr"), published("effect_curves", curves)]
        brief = brief_with(run, *tables, district="Norr", language=language)
        answer = answer_in_sentences(brief, offered(brief))
        return answer, [_text(one.finding + one.rest) for one in answer.sentences]

    return make


def _text(markup):
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", "", markup)).replace("\u00a0", " "))


def test_what_gives_more_months_is_told_before_that_it_is_not_valued(told):
    _, (first, second) = told(work_training=MORE, language_practice=PROBABLY)

    assert first == (
        "More months in work come from work training; probably also from language practice. The "
        "largest estimate is that for work training: +2 months in two years (1 to 3)."
    )
    assert second.startswith("What the interventions are worth cannot be said")


def test_months_in_one_outcome_are_not_set_beside_months_in_another(
    told, run_towards_the_next_step
):
    _, (*sentences, why) = told(
        run=run_towards_the_next_step,
        outcomes={"language_practice": "closer"},
        work_training=LIKELY,
        language_practice=MORE,
    )

    assert sentences == [
        "More months closer to work come from language practice. The estimate is +2 months in two "
        "years (1 to 3).",
        "More months in work come from work training. The estimate is +0.9 months in two years "
        "(−0.1 to 1.9).",
    ]
    assert why.startswith("What the interventions are worth cannot be said")


@pytest.mark.parametrize(
    ("months", "beginning"),
    [
        (PROBABLY, "More months in work probably come from work training."),
        (UNCLEAR, "Whether more months in work come from work training is unclear."),
        (FEWER, "No more months in work come from work training."),
    ],
)
def test_the_words_follow_the_band(told, months, beginning):
    _, (first, _) = told(work_training=months)

    assert first.startswith(beginning)
    assert "The estimate is" in first


def test_figures_of_all_districts_say_whose_they_are(told):
    answer, (first, _) = told(figures="city", work_training=MORE)

    assert answer.no_own and answer.population
    assert first.startswith("More months in work come from work training")


def test_the_sentence_is_said_in_swedish(told):
    _, (first, _) = told(language="sv", work_training=MORE)

    assert first.startswith("Arbetsträning ger fler månader i arbete. Skattningen är ")
