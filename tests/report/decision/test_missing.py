"""What was not delivered, and which of it a page names."""

import pytest

from evalkit.line.needs import ANSWERS, WHOLE_TABLE
from evalkit.report.decision.sure import how_certain
from evalkit.report.parts.deliveries import missing

START_UNKNOWN = {"district": "Norr", "measure": "support_spells_start_unknown"}


@pytest.fixture
def brief(run, brief_with, published):
    """A district's brief where all was delivered but some tables and columns."""

    def make(*lacking, n_unknown_starts=0, unknown_share=0.0, language="en"):
        rows = [
            {
                "table": table,
                "column": column,
                "question": question,
                "delivery": "not_delivered" if (table, column) in lacking else "delivered",
            }
            for (table, column), question in ANSWERS.items()
        ]
        tables = {
            "deliveries": rows,
            "people": [START_UNKNOWN | {"count": n_unknown_starts}],
            "state_sources": [{"source": "unknown", "share": unknown_share}],
        }
        made = [published(name, of_table) for name, of_table in tables.items()]
        return brief_with(run, *made, district="Norr", language=language)

    return make


def test_nothing_is_missing_where_everything_was_delivered(brief):
    assert missing(brief()) == {}
    assert how_certain(brief()) is None


def test_what_is_missing_stands_by_its_question(brief):
    lacking = brief(("livelihood", WHOLE_TABLE), ("person", "sex"), ("person", "birth_year"))

    assert missing(lacking) == {
        "outcomes": ["livelihood month by month"],
        "groups": ["year of birth", "sex"],
    }


def test_the_decision_page_names_it_and_leads_to_what_it_would_add(brief):
    part = how_certain(brief(("livelihood", WHOLE_TABLE), ("action", WHOLE_TABLE)))

    assert "Not delivered: livelihood month by month." in part.body
    assert 'href="evidence/norr.html#delivered"' in part.body


def test_what_few_runs_ask_for_stands_in_the_evidence_alone(brief):
    lacking = brief(("action", WHOLE_TABLE))

    assert "roll_outs" in missing(lacking)
    assert how_certain(lacking) is None


@pytest.mark.parametrize(
    ("place", "question", "raised"),
    [
        (("income_support", "support_since"), "beginnings", {"n_unknown_starts": 7}),
        (("income_support", "exit_reason"), "exits", {"unknown_share": 0.3}),
    ],
)
def test_a_question_is_told_where_the_page_raises_it(brief, place, question, raised):
    assert question not in missing(brief(place))
    assert question in missing(brief(place, **raised))
