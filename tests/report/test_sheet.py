"""The page for the person: a hundred people and a hundred others, what it takes, what nobody
knows; natural numbers and no advice.
"""

import re

import polars as pl
import pytest

from evalkit.disclosure import protect_counts, protect_estimates
from evalkit.report.site import write_intervention_page, write_sheet
from evalkit.words import words_of_run

FROM = {"source": "made up for this test", "grade": "L"}
EFFECT = {
    "district": "all",
    "intervention_id": "work_training",
    "estimand": "start_now_rather_than_wait",
}
LIMITS = ["estimate", "ci_lower", "ci_upper"]
ADVICE = {
    "en": ("should", "recommend", "advise", "better", "best", "you will"),
    "sv": ("bör", "rekommend", "råd", "bättre", "bäst", "du kommer att"),
}


def _curves(treated, comparison, difference):
    """Shares in work after 12 and 24 months, each with its range."""
    arms = {"treated": treated, "comparison": comparison, "difference": difference}
    rows = [
        {**EFFECT, "state": "work", "arm": arm, "month": month}
        | dict(zip(LIMITS, values, strict=True))
        for arm, values in arms.items()
        for month in (12, 24)
    ]
    return protect_estimates(
        pl.DataFrame(rows),
        name="effect_curves",
        keys=[*EFFECT, "state", "arm", "month"],
        values=LIMITS,
        n_persons=None,
        unit="share",
        **FROM,
    )


def _after_start():
    keys = {"intervention_id": "work_training", "outcome": "work"}
    rows = [
        {**keys, "month": month, "answer": answer, "n_persons": n, "n_whole": whole, "share": None}
        for month, n_yes, whole in ((12, 31, 98), (24, 52, 81))
        for answer, n in (("all", whole), ("yes", n_yes))
    ]
    return protect_counts(
        pl.DataFrame(rows, schema_overrides={"share": pl.Float64}),
        name="after_start",
        keys=["intervention_id", "outcome", "month", "answer"],
        counts=["n_persons", "share"],
        n_persons=None,
        shares={"share": ("n_persons", "n_whole")},
        unit="persons, shares",
        **FROM,
    )


def _registered():
    """Twenty hours a week for six months; 40 of 100 ended before."""
    asks = protect_counts(
        pl.DataFrame({"intervention_id": "work_training", "n_persons": [98], "estimate": 20.4}),
        name="what_it_asks",
        keys=["intervention_id"],
        counts=["n_persons", "estimate"],
        n_persons="n_persons",
        unit="persons, hours",
        exact=["estimate"],
        **FROM,
    )
    kept = protect_counts(
        pl.DataFrame(
            {
                "intervention_id": "work_training",
                "plan": ["all", "ended_before"],
                "n_persons": [100, 40],
                "n_whole": 100,
                "share": [1.0, 0.4],
                "mean_planned_months": [6.0, 5.0],
            }
        ),
        name="plans_kept",
        keys=["intervention_id", "plan"],
        counts=["n_persons", "n_whole", "share", "mean_planned_months"],
        n_persons="n_persons",
        shares={"share": ("n_persons", "n_whole")},
        unit="persons, shares, months",
        exact=["mean_planned_months"],
        **FROM,
    )
    return {"what_it_asks": asks, "plans_kept": kept}


def _cannot_be_said(tables):
    own = tables["effect_status"].data.with_columns(
        pl.lit("cannot_be_said").alias("effect_state"), pl.lit("unbalanced").alias("reason")
    )
    values = [
        name
        for name in own.columns
        if name not in (*tables["effect_status"].keys, "row_id", "status")
    ]
    return protect_estimates(
        own.drop("row_id", "status"),
        name="effect_status",
        keys=list(tables["effect_status"].keys),
        values=values,
        n_persons=None,
        unit="persons",
        **FROM,
    )


@pytest.fixture
def sheet(run, tables):
    """The sheet of work training, as HTML."""

    def write(language="en", **changed) -> str:
        chosen = {name: table for name, table in {**tables, **changed}.items() if table is not None}
        page = write_sheet(run, "work_training", chosen, words_of_run(run, language))
        return page.read_text(encoding="utf-8")

    return write


def _plain(html):
    body = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body)).replace("\xa0", " ")


def test_a_hundred_who_started_stand_beside_a_hundred_who_did_not(sheet):
    html = sheet()
    text = _plain(html)

    assert "After one year" in text and "After two years" in text
    assert "33 were in work between 28 and 38" in text
    assert "Of 100 like them who did not start then" in text
    dots = re.findall(r'<svg class="dots".*?</svg>', html, re.DOTALL)
    assert [grid.count("<circle") for grid in dots] == [100] * 4
    assert dots[0].count('class="on"') == 33
    assert 'aria-label="Of 100 who started: 33 were in work"' in dots[0]


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        (
            (0.06, 0.02, 0.10),
            "More of those who started were in work: between 2 and 10 more of 100.",
        ),
        ((-0.06, -0.1, -0.02), "Fewer of those who started were in work: between 2 and 10 fewer"),
        ((0.02, -0.04, 0.08), "It can be 4 fewer of 100, and it can be 8 more."),
        ((0.02, 0.0, 0.08), "It can be 0 fewer of 100, and it can be 8 more."),
    ],
)
def test_the_difference_is_told_as_far_as_its_range_allows(sheet, difference, told):
    curves = _curves((0.3, 0.25, 0.35), (0.24, 0.2, 0.28), difference)

    assert told in _plain(sheet(effect_curves=curves))


def test_an_effect_on_all_who_could_start_is_told_of_them(run, sheet):
    path = run.path("protocol.yaml")
    path.write_text(path.read_text("utf-8") + "\nestimand: ATE\n", encoding="utf-8")

    text = _plain(sheet())

    assert "Of 100 who could start, if they do not" in text
    assert "Of 100 like them" not in text


def test_where_the_effect_cannot_be_said_those_who_started_are_counted(sheet, tables):
    html = sheet(effect_status=_cannot_be_said(tables), after_start=_after_start())
    text = _plain(html)

    assert "30 were in work" in text  # 30 of 100, as they are published
    assert "62 were in work" in text  # 50 of 80
    assert "They come from 100 people who started." in text
    assert "Nobody knows what difference it made." in text
    assert "like them" not in text.replace("people like them", "")


def test_without_shares_by_month_the_months_are_told(sheet):
    text = _plain(sheet(effect_curves=None, after_start=_after_start()))

    assert "were in work for 6.3 months on average" in text
    assert "Nobody can say whether starting made a difference." in text
    assert "Nobody knows what difference it made" not in text


def test_where_nothing_is_known_the_sheet_says_so(sheet, tables):
    text = _plain(sheet(effect_status=_cannot_be_said(tables), effect_curves=None))

    assert "Too few of them have been followed" in text
    assert "How many hours and months it takes is not registered." in text
    assert "After one year" not in text


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            ["About 20 hours a week.", "last about 6 months.", "earlier than planned 40 times."],
        ),
        ("sv", ["Ungefär 20 timmar i veckan.", "ungefär 6 månader.", "än planerat 40 gånger."]),
    ],
)
def test_what_it_takes_is_told_as_far_as_it_is_registered(sheet, language, told):
    text = _plain(sheet(language, **_registered()))

    assert [sentence for sentence in told if sentence not in text] == []


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_sheet_gives_no_advice_and_promises_nothing(sheet, language):
    text = _plain(sheet(language, **_registered())).lower()

    assert [word for word in ADVICE[language] if re.search(rf"\b{word}\b", text)] == []


def test_the_sheet_and_the_evidence_lead_to_each_other(run, tables, sheet):
    words = words_of_run(run, "en")
    evidence = write_intervention_page(run, "work_training", tables, {}, words)

    assert 'href="../people/work-training.html"' in evidence.read_text(encoding="utf-8")
    assert 'href="../interventions/work-training.html"' in sheet()
