"""What stands beside an effect on the pages: checks, the naive figure, groups, funnel and ranks."""

import re

import polars as pl
import pytest
import yaml

from evalkit.disclosure import protect_estimates
from evalkit.report.site import (
    write_district_page,
    write_intervention_page,
    write_overview,
)
from evalkit.words import words_of_run

COVARIATES = [
    {"name": "past_work_share", "kind": "history_share", "outcome": "work"},
    {"name": "birth_year", "kind": "person", "column": "birth_year"},
    {"name": "short_education", "kind": "person", "column": "education", "equals": "compulsory"},
    {"name": "n_children", "kind": "person", "column": "n_children"},
]
WORDING = {
    "value.birth_year": {"en": "year of birth", "sv": "födelseår"},
    "value.short_education": {"en": "compulsory school at most", "sv": "högst grundskola"},
    "value.n_children": {"en": "number of children", "sv": "antal barn"},
}
EFFECT = {"intervention_id": "work_training", "estimand": "start_now_rather_than_wait"}


def published(name, rows, keys):
    table = pl.DataFrame(rows, infer_schema_length=None)
    values = [column for column in table.columns if column not in keys]
    return protect_estimates(
        table,
        name=name,
        keys=keys,
        values=values,
        n_persons=None,
        unit="as named",
        source="made up",
        grade="L",
    )


def checks(verdict="passed", smd="passed", *unlike):
    rows = [
        ("max_abs_smd", 0.02, 0.1, smd, "male"),
        *[(check, 0.4, 0.2, "warning", term) for check, term in unlike],
        ("placebo_history", 0.01 if verdict == "warning" else 0.4, 0.05, verdict, None),
    ]
    columns = ["check", "value", "limit", "verdict", "term"]
    named = [
        {
            "district": "all",
            "intervention_id": "work_training",
            **dict(zip(columns, row, strict=True)),
        }
        for row in rows
    ]
    return published("effect_checks", named, ["district", "intervention_id", "check"])


def readings(information="enough", worst=-0.05):
    values = {
        "share_ended": (0.71, 0.6, 0.8),
        "share_in_work": (0.45, 0.4, 0.5),
        "comparison_in_work": (0.39, 0.36, 0.42),
        "corrected": (0.06, -0.03, 0.15),
        "bias": (0.65, 0.5, 0.8),
        "worst_case": (worst, -0.1, 0.1),
        "best_case": (0.12, 0.0, 0.2),
        "worst_case_months": (20 * worst, -2.0, 2.0),
        "best_case_months": (2.4, 0.0, 4.0),
        "detectable": (0.123, None, None),
    }
    rows = [
        {
            "district": district,
            **EFFECT,
            "reading": name,
            "estimate": e,
            "ci_lower": low,
            "ci_upper": high,
            "information": information,
        }
        for district in ("Norr", "all")
        for name, (e, low, high) in values.items()
    ]
    return published(
        "effect_readings", rows, ["district", "intervention_id", "estimand", "reading"]
    )


def groups():
    numbers = {
        "raw": 1.2,
        "raw_lower": 0.1,
        "raw_upper": 2.3,
        "shrunk": 0.8,
        "shrunk_lower": -0.1,
        "shrunk_upper": 1.7,
        "p_holm": 0.081,
    }
    empty = dict.fromkeys(numbers)
    rows = [
        {"district": "all", **EFFECT, "subgroup": "all", **numbers},
        {"district": "all", **EFFECT, "subgroup": "young_adults", **empty},
    ]
    return published("group_effects", rows, ["district", "intervention_id", "estimand", "subgroup"])


def funnel(verdict="inside"):
    rows = [
        {
            "district": name,
            "intervention_id": "work_training",
            "n_persons": n,
            "observed": 0.41,
            "expected": 0.4,
            "adjusted": 0.39,
            "verdict": one,
        }
        for name, n, one in (("Norr", 200, verdict), ("Söder", 40, "inside"), ("all", 240, None))
    ]
    return published("funnel", rows, ["district", "intervention_id"])


def ranks():
    numbers = {
        "raw": 1.5,
        "raw_lower": -0.5,
        "raw_upper": 3.5,
        "shrunk": 0.9,
        "shrunk_lower": -0.3,
        "shrunk_upper": 2.1,
    }
    places = {"probability_best": 0.37, "rank_lower": 1.0, "rank_upper": 3.0, "n_districts": 3}
    same = {
        "standardised": 1.2,
        "standardised_lower": -0.1,
        "standardised_upper": 2.2,
        "standardised_to": "city_eligible",
    }
    lacking = dict.fromkeys((*same, *places)) | {
        "standardised_to": "own_starters",
        "n_districts": 3,
    }
    rows = [
        {"district": name, **EFFECT, **numbers, **own}
        for name, own in (("Norr", same | places), ("Söder", lacking))
    ]
    return published("district_ranks", rows, ["district", "intervention_id", "estimand"])


def plain(path):
    body = re.sub(r"<style>.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", "", body).replace("&nbsp;", " ").replace("\u00a0", " ")
    )


@pytest.fixture
def district_page(run, tables):
    def write(*extra, figures=()):
        chosen, drawn = (
            tables | {table.name: table for table in extra},
            dict.fromkeys(figures, '<svg width="10" height="10"></svg>'),
        )
        return plain(write_district_page(run, "Norr", chosen, drawn, words_of_run(run, "en")))

    return write


@pytest.fixture
def training_page(run, tables):
    def write(*extra):
        chosen = tables | {table.name: table for table in extra}
        return plain(
            write_intervention_page(run, "work_training", chosen, {}, words_of_run(run, "en"))
        )

    return write


def test_page_says_the_naive_figure_beside_the_difference(district_page):
    text = district_page(readings())

    assert "71% have ended by the end of the follow-up, to whatever" in text
    assert "have ended by the end" in text and "is +6 percentage points." in text
    assert "too high" not in text  # a level is not too high by a difference


def test_page_tells_no_effect_from_no_information(district_page):
    little, enough = district_page(readings(information="too_little")), district_page(readings())

    assert "differences below 12.3 percentage points would hardly have been found" in little
    assert "would hardly have been found" not in enough


def test_page_gives_bounds_in_months_and_shares_only_where_something_is_not_seen(district_page):
    some, none = (
        district_page(readings(worst=worst), figures=["naive-work-training"])
        for worst in (-0.05, 0.12)
    )

    assert "the difference in months in work would lie between −1 and +2.4" in some
    assert (
        "in the share in work at the end of the follow-up between −5 and +12 percentage points"
        in some
    )
    assert "The register does not see" in some and "The register does not see" not in none
    row = "Difference in months, the worst case for those that the register does not see"
    assert row in some and row not in none


@pytest.mark.parametrize(
    ("check", "term", "said"),
    [
        (
            "calendar_time",
            "calendar_time_year_2",
            "belong to different times, also after weighting",
        ),
        (
            "earlier_participation",
            "earlier_participation_other",
            "differ in how often they took part in interventions before",
        ),
        (
            "max_abs_smd_products",
            "past_work_share × past_work_share",
            "not in how they spread in “share of earlier months in work”",
        ),
        (
            "max_abs_smd_products",
            "male × past_work_share",
            "not in how “man” and “share of earlier months in work” go together",
        ),
    ],
)
def test_page_warns_of_what_the_weights_were_not_built_on(training_page, check, term, said):
    warned, passed = (
        training_page(checks("passed", "passed", (check, term))),
        training_page(checks()),
    )

    assert said in warned
    assert said not in passed


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("passed", "That does not show that nothing is hidden"),
        ("warning", "What was measured does not explain who started"),
        ("not_testable", "could not be tested"),
    ],
)
def test_page_says_what_the_placebos_found(training_page, verdict, words):
    text = training_page(checks(verdict=verdict))

    assert words in text


def strengths(*rows):
    """Covariate, moved with its range, times and times of the limit."""
    columns = ("covariate", "moved", "moved_lower", "moved_upper", "times", "times_limit")
    named = [
        {
            "district": "all",
            "intervention_id": "work_training",
            **dict(zip(columns, row, strict=True)),
        }
        for row in rows
    ]
    return published("strength", named, ["district", "intervention_id", "covariate"])


def test_page_says_how_strong_something_unmeasured_would_have_to_be(training_page):
    work = ("fia_work", -0.5, -0.7, -0.3, 2.4, 0.6)

    text = training_page(strengths(work, ("female", 0.1, -0.1, 0.2, None, None)))
    alone = training_page(strengths((*work[:5], 0.0)))
    by_chance = training_page(strengths(("female", 0.1, -0.1, 0.2, None, None)))

    assert "Of what was measured “readiness for work: goals and work” moves the difference" in text
    assert "have to do 2.4 times as much to take the whole difference away" in text
    assert "nearer end of its range to none, 0.6 times would do" in text
    assert "is all that was measured" in alone and "already holds zero" in alone
    assert "changes the difference by no more than chance" in by_chance


@pytest.mark.parametrize(
    ("verdict", "reason", "said"),
    [
        ("agrees", None, "+0.8 (0.2 to 1.4) months in work"),
        ("differs", None, "That does not agree with the estimate"),
        ("not_computed", "few_people", "needs more people"),
        ("not_computed", "not_installed", "evalkit[trees] is not installed"),
    ],
)
def test_page_says_whether_trees_agree(training_page, verdict, reason, said):
    numbers = (0.8, 0.2, 1.4) if reason is None else (None, None, None)
    columns = ("difference", "ci_lower", "ci_upper", "verdict", "reason")
    row = dict(zip(columns, (*numbers, verdict, reason), strict=True))
    named = [{"district": "all", "intervention_id": "work_training", **row}]

    text = training_page(published("trees", named, ["district", "intervention_id"]))

    assert said in text
    assert ("never against what is hidden" in text) == (reason is None)


def test_page_names_a_refused_check(training_page):
    text = training_page(checks(smd="refused"))

    assert (
        "The check “largest difference after weighting in what the weights were built on (standard "
        "deviations)” is refused." in text
    )


def test_page_shows_groups_funnel_and_ranks(training_page):
    text = training_page(groups(), funnel(), ranks())

    assert "all districts lie within the limits of chance" in text
    assert (
        "Young adults" in text and "+1.2 (0.1 to 2.3)" in text and "1–3" in text and "37%" in text
    )


def test_page_says_when_a_district_lies_outside(training_page):
    text = training_page(funnel(verdict="outside_95"))

    assert "some district lies outside the limits of chance. That does not say why." in text


def test_page_shows_the_funnel_of_its_own_intervention_alone(training_page):
    own = funnel().data.drop("row_id", "status")
    other = own.with_columns(intervention_id=pl.lit("language_practice"), expected=0.77)
    both = published(
        "funnel", [*own.to_dicts(), *other.to_dicts()], ["district", "intervention_id"]
    )

    text = training_page(both)

    assert "Among those who could have started work training" in text
    assert "77%" not in text


def test_ranks_are_about_the_same_people_and_a_district_without_them_has_none(training_page):
    text = training_page(ranks())

    assert (
        "Ranks are about the same people" in text
        and "Which people live where is taken as known" in text
    )
    assert "(−0.3 to 2.1)+1.2 (−0.1 to 2.2)1–337%" in text
    assert "(−0.3 to 2.1)–––" in text


def targeting_tables(*conditions):
    rows = [
        {
            "district": "all",
            "intervention_id": "work_training",
            "condition": place,
            "covariate": name,
            "side": side,
            "threshold": threshold,
        }
        for place, (name, side, threshold) in enumerate(conditions, start=1)
    ]
    months = {"today": (1.2, 0.2, 2.2), "rule": (2.4, 1.0, 3.8), "gain": (1.2, 0.1, 2.3)}
    values = [
        {
            "district": "all",
            "intervention_id": "work_training",
            "policy": name,
            "estimate": e,
            "ci_lower": low,
            "ci_upper": high,
            "share_of_starters": 0.4,
        }
        for name, (e, low, high) in months.items()
    ]
    found = {
        "targeting_value": published(
            "targeting_value", values, ["district", "intervention_id", "policy"]
        )
    }
    return found | (
        {
            "targeting_rule": published(
                "targeting_rule", rows, ["district", "intervention_id", "condition"]
            )
        }
        if rows
        else {}
    )


def roll_out_tables():
    rows = [
        {
            "action_id": "joint_entrance",
            "outcome": outcome,
            "change": change,
            "change_lower": change - 0.1,
            "change_upper": change + 0.1,
            "verdict": verdict,
            "n_adopted": 4,
        }
        for outcome, change, verdict in (
            ("exit", 0.25, "estimated"),
            ("entry", -0.3, "trend_before"),
        )
    ]
    return {"rollout_effects": published("rollout_effects", rows, ["action_id", "outcome"])}


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (
            (("past_work_share", "below", 0.5),),
            "places to those for whom this holds: share of earlier months in work, below 50%. "
            "Judged on other people than those it was "
            "learned from, the rule gives +1.2",
        ),
        (
            (("birth_year", "below", 1973.0), ("short_education", "is", 1.0)),
            "holds: year of birth, below 1973 and compulsory school at most. Judged",
        ),
        (
            (("short_education", "is_not", 1.0), ("n_children", "at_least", 2.0)),
            "holds: not compulsory school at most and number of children, at least 2. J",
        ),
        ((), "No part of those who started stands clearly apart"),
    ],
)
def test_page_says_who_gains_most_beside_todays_placement(make_run, tables, conditions, words):
    run = make_run(wording=WORDING)
    protocol = yaml.safe_load(run.path("protocol.yaml").read_text(encoding="utf-8")) | {
        "covariates": COVARIATES
    }
    run.path("protocol.yaml").write_text(
        yaml.safe_dump(protocol, allow_unicode=True), encoding="utf-8"
    )

    text = plain(
        write_intervention_page(
            run,
            "work_training",
            {**tables, **targeting_tables(*conditions)},
            {},
            words_of_run(run, "en"),
        )
    )

    assert words in text
    assert "To those whom the rule names+2.4 (1.0 to 3.8)" in text


def test_overview_says_what_a_roll_out_showed_or_that_it_cannot_be_said(make_run, tables):
    run = make_run()

    text = plain(write_overview(run, {**tables, **roll_out_tables()}, {}, words_of_run(run, "en")))

    assert "Share who leave for work4+25% (15 to 35%)" in text
    assert "share who begin a new period4cannot be said" in text.lower()


def test_a_districts_page_shows_no_ranks(district_page):
    assert "Chance of being largest" not in district_page(ranks(), funnel())


def test_a_district_has_its_own_checks_and_not_the_citys(district_page):
    rows = [
        {
            "district": "Norr",
            "intervention_id": "work_training",
            "check": "starters",
            "value": 64.0,
            "limit": 10.0,
            "verdict": "passed",
            "term": None,
        }
    ]
    own = published("district_checks", rows, ["district", "intervention_id", "check"])

    text = district_page(own, checks())

    assert "People who started6410" in text
    assert "p-value" not in text
