"""Where some left nobody knows where, a page says how many, and what that leaves of every share:
work by both definitions.
"""

import re
from html import unescape

import polars as pl
import pytest

from evalkit.disclosure import protected
from evalkit.report.site import write_decision_page, write_district_page, write_method
from evalkit.spells import exit_bounds, exit_curve_bounds

SPELLS = {"work": 60, "subsidised_work": 20, "studies": 30, "unknown": 50, "still_on_support": 40}


def exits_of(spells, run):
    n_spells = sum(spells.values())
    rows = [("Norr", name, n, n, n_spells, n / n_spells) for name, n in spells.items()]
    columns = ["district", "exit", "n_spells", "n_persons", "n_whole", "share"]
    return protected(pl.DataFrame(rows, schema=columns, orient="row"), "exits", run)


def curves_of(spells, run):
    n_spells = sum(spells.values())
    rows = [
        ("Norr", name, month, n * month / 24 / n_spells, n_spells, n_spells)
        for name, n in spells.items()
        if name != "still_on_support"
        for month in (0, 24)
    ]
    columns = ["district", "exit", "month", "estimate", "n_at_risk", "n_persons"]
    curves = pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        ci_lower=pl.col("estimate") - 0.02, ci_upper=pl.col("estimate") + 0.02
    )
    return protected(curves, "exit_curves", run, district="Norr")


def after_of(answers, run):
    """What followed the exits to work and to any work, by the number of spells of each answer: of
    all, of which it is true, and of which nobody knows.
    """
    rows = [
        ("Norr", measure, answer, n, n, by_answer["all"], n / by_answer["all"])
        for measure, by_answer in answers.items()
        for answer, n in by_answer.items()
    ]
    columns = ["district", "measure", "answer", "n_spells", "n_persons", "n_whole", "share"]
    return protected(pl.DataFrame(rows, schema=columns, orient="row"), "after_support", run)


def tables_of(run, spells, answers=None):
    exits, curves = exits_of(spells, run), curves_of(spells, run)
    after = after_of(answers or {"back_within_12": {"all": 100, "yes": 40}}, run)
    bounds = protected(exit_bounds(exits.data, after.data), "exit_bounds", run)
    by_month = exit_curve_bounds(curves.data, months=[24])
    of_curves = protected(by_month, "exit_curve_bounds", run, district="Norr")
    return {table.name: table for table in (exits, curves, after, bounds, of_curves)}


@pytest.fixture
def texts(run, tables, figures, words):
    """The text of a district's page and of what it rests on."""

    def write(*spells_and_answers):
        shown = {name: table for name, table in tables.items() if name == "people"}
        shown |= tables_of(run, *spells_and_answers)
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
    _, evidence = texts({"work": 40, "studies": 20, "unknown": 140})

    told = {
        "en": "Of the known ways out the one to work is the most common: 20%",
        "sv": "Av de kända vägarna är den till arbete vanligast: 20%",
    }
    assert told[words.language] in evidence


@pytest.mark.parametrize(("kind", "is_told"), [("example", True), ("own", False)])
def test_exits_read_by_an_example_list_are_said_to_be(run, tables, words, kind, is_told):
    counted = {
        "source": "exit_reason",
        "code_list": kind,
        "answer": ["all", "state", "other", "unlisted"],
        "n_delivered": [90, 60, 10, 20],
    }
    codes = protected(pl.DataFrame(counted), "reason_codes", run)
    shown = {"people": tables["people"], "reason_codes": codes, **tables_of(run, SPELLS)}

    pages = (write_district_page(run, "Norr", shown, {}, words), write_method(run, shown, words))

    evidence, method = (plain(page.read_text(encoding="utf-8")) for page in pages)
    note = words.text("sources.example_list")
    assert (note in evidence) == (note in method) == is_told
    assert words.text("sources.codes_unlisted").lower() + " 20" in method.lower()


def test_lasting_work_is_told_with_those_whose_months_are_not_known(texts, words):
    _, evidence = texts(
        SPELLS,
        {
            "sustained_work": {"all": 60, "yes": 30, "unknown": 10},
            "sustained_any_work": {"all": 80, "yes": 40, "unknown": 20},
            "sustained_without_support": {"all": 100, "yes": 90, "unknown": 0},
        },
    )

    at_most = {"en": "at most 67% with those", "sv": "högst 67% med dem"}[words.language]
    wide = {"en": "at most 75% with those", "sv": "högst 75% med dem"}[words.language]
    assert at_most in evidence and wide in evidence


def test_where_nobody_knows_of_work_months_without_support_are_told(texts, words):
    _, evidence = texts(
        SPELLS,
        {
            "sustained_work": {"all": 60, "yes": 0, "unknown": 60},
            "sustained_any_work": {"all": 80, "yes": 0, "unknown": 80},
            "sustained_without_support": {"all": 100, "yes": 90, "unknown": 0},
        },
    )

    told = {
        "en": "90% without income support for at least six months in a row",
        "sv": "90% utan ekonomiskt bistånd minst sex månader i rad",
    }
    assert told[words.language] in evidence
    assert words.text("back.sustained_work") not in evidence
