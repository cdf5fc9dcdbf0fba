"""Where some left nobody knows where, a page says how many, and what that leaves of every share:
work by both definitions.
"""

import re
from html import unescape

import polars as pl
import pytest

from evalkit.disclosure import protect_counts, protect_curve, protect_estimates
from evalkit.report.site import write_decision_page, write_district_page, write_method
from evalkit.spells import exit_bounds, exit_curve_bounds

FROM = {"source": "made up for this test", "grade": "H"}
SPELLS = {"work": 60, "subsidised_work": 20, "studies": 30, "unknown": 50, "still_on_support": 40}


def exits_of(spells):
    n_spells = sum(spells.values())
    rows = [("Norr", name, n, n, n / n_spells) for name, n in spells.items()]
    return protect_counts(
        pl.DataFrame(
            rows, schema=["district", "exit", "n_spells", "n_persons", "share"], orient="row"
        ),
        name="exits",
        keys=("district", "exit"),
        counts=("n_spells", "n_persons", "share"),
        n_persons="n_persons",
        total_over=("exit",),
        unit="spells",
        **FROM,
    )


def curves_of(spells):
    n_spells = sum(spells.values())
    rows = [
        ("Norr", name, month, n * month / 24 / n_spells, n_spells, n if month == 24 else 0)
        for name, n in spells.items()
        if name != "still_on_support"
        for month in (0, 24)
    ]
    columns = ["district", "exit", "month", "estimate", "n_at_risk", "n_events"]
    return protect_curve(
        pl.DataFrame(rows, schema=columns, orient="row").with_columns(
            std_error=0.01, ci_lower=pl.col("estimate") - 0.02, ci_upper=pl.col("estimate") + 0.02
        ),
        name="exit_curves-norr",
        by=["district"],
        time="month",
        cause="exit",
        unit="share",
        **FROM,
    )


def after_of(answers):
    """What followed the exits to work and to any work, by the number of spells of each answer."""
    rows = [
        ("Norr", measure, answer, n, n, n / sum(by_answer.values()))
        for measure, by_answer in answers.items()
        for answer, n in ({"all": sum(by_answer.values())} | by_answer).items()
    ]
    columns = ["district", "measure", "answer", "n_spells", "n_persons", "share"]
    return protect_counts(
        pl.DataFrame(rows, schema=columns, orient="row"),
        name="after_support",
        keys=("district", "measure", "answer"),
        counts=("n_spells", "n_persons", "share"),
        n_persons="n_persons",
        total_over=("answer",),
        unit="spells",
        **FROM,
    )


def tables_of(spells, answers=None):
    exits, curves = exits_of(spells), curves_of(spells)
    after = after_of(answers or {"back_within_12": {"yes": 40, "no": 60, "unknown": 0}})
    bounds = {
        "exit_bounds": exit_bounds(exits.data, after.data),
        "exit_curve_bounds-norr": exit_curve_bounds(curves.data, months=[24]),
    }
    keys = {"exit_bounds": ("district", "measure", "exit")}
    made = [exits, curves, after]
    made += [
        protect_estimates(
            table,
            name=name,
            keys=keys.get(name, ("district", "exit", "month")),
            values=("share", "share_at_most"),
            n_persons="n_persons",
            unit="shares",
            **FROM,
        )
        for name, table in bounds.items()
    ]
    return {table.name: table for table in made}


@pytest.fixture
def texts(run, tables, figures, words):
    """The text of a district's page and of what it rests on."""

    def write(*spells_and_answers):
        shown = {name: table for name, table in tables.items() if name == "people"}
        shown |= tables_of(*spells_and_answers)
        drawn = {"exit_curves": figures["exit_curves"]}
        pages = (
            write_decision_page(run, "Norr", shown, words),
            write_district_page(run, "Norr", shown, drawn, words),
        )
        return tuple(plain(page.read_text(encoding="utf-8")) for page in pages)

    return write


def plain(html: str) -> str:
    text = unescape(re.sub(r"<(style|script|svg).*?</\1>", " ", html, flags=re.DOTALL))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text).replace("\xa0", " "))
    return re.sub(r" ([,.:%])", r"\1", text)


def test_pages_tell_shares_to_work_by_both_definitions_with_their_bounds(texts, words):
    decision, evidence = texts(SPELLS)

    said = {
        "en": (
            "To work: 30 of 100, at most 55 if all the unknown went there too. To work or "
            "subsidised work: 40 of 100, at most 65",
            "To work: 30%, at most 55%. To work or subsidised work: 40%, at most 65%.",
            "Where 25% went is not known.",
        ),
        "sv": (
            "Till arbete: 30 av 100, högst 55 om alla okända också gick dit. Till arbete eller "
            "subventionerat arbete: 40 av 100, högst 65",
            "Till arbete: 30%, högst 55%. Till arbete eller subventionerat arbete: 40%, högst 65%.",
            "Vart 25% gick är inte känt.",
        ),
    }[words.language]
    assert said[0] in decision
    assert said[1] in evidence and said[2] in evidence


def test_where_all_ways_out_are_known_nothing_is_said_of_bounds(texts):
    decision, evidence = texts({"work": 60, "studies": 30, "still_on_support": 40})

    for told in ("at most", "högst 5", "not known", "inte känt"):
        assert told not in decision
    assert "if all the unknown" not in evidence and "alla okända" not in evidence


def test_the_unknown_is_never_the_most_common_way_out(texts, words):
    _, evidence = texts({"work": 30, "studies": 20, "unknown": 150})

    told = {
        "en": "Of the known ways out the one to work is the most common: 15%",
        "sv": "Av de kända vägarna är den till arbete vanligast: 15%",
    }
    assert told[words.language] in evidence


@pytest.mark.parametrize(("kind", "is_told"), [("example", True), ("own", False)])
def test_exits_read_by_an_example_list_are_said_to_be(run, tables, words, kind, is_told):
    codes = protect_counts(
        pl.DataFrame(
            {
                "source": "exit_reason",
                "code_list": kind,
                "answer": ["all", "state", "other", "unlisted"],
                "n_delivered": [90, 60, 10, 20],
                "n_persons": [80, 55, 9, 18],
            }
        ),
        name="reason_codes",
        keys=("source", "code_list", "answer"),
        counts=("n_delivered",),
        n_persons="n_persons",
        total_over=("answer",),
        unit="rows",
        **FROM,
    )
    shown = {"people": tables["people"], "reason_codes": codes, **tables_of(SPELLS)}

    pages = (write_district_page(run, "Norr", shown, {}, words), write_method(run, shown, words))

    evidence, method = (plain(page.read_text(encoding="utf-8")) for page in pages)
    note = words.text("sources.example_list")
    assert (note in evidence) == (note in method) == is_told
    assert words.text("sources.codes_unlisted").lower() + " 20" in method.lower()


def test_lasting_work_is_told_with_those_whose_months_are_not_known(texts, words):
    _, evidence = texts(
        SPELLS,
        {
            "sustained_work": {"yes": 30, "no": 20, "unknown": 10},
            "sustained_any_work": {"yes": 40, "no": 20, "unknown": 20},
            "sustained_without_support": {"yes": 90, "no": 10, "unknown": 0},
        },
    )

    at_most = {"en": "at most 67% with those", "sv": "högst 67% med dem"}[words.language]
    wide = {"en": "at most 75% with those", "sv": "högst 75% med dem"}[words.language]
    assert at_most in evidence and wide in evidence


def test_where_nobody_knows_of_work_months_without_support_are_told(texts, words):
    _, evidence = texts(
        SPELLS,
        {
            "sustained_work": {"yes": 0, "no": 0, "unknown": 60},
            "sustained_any_work": {"yes": 0, "no": 0, "unknown": 80},
            "sustained_without_support": {"yes": 90, "no": 10, "unknown": 0},
        },
    )

    told = {
        "en": "90% without income support for at least six months in a row",
        "sv": "90% utan ekonomiskt bistånd minst sex månader i rad",
    }
    assert told[words.language] in evidence
    assert words.text("back.sustained_work") not in evidence
