"""The sentences on groups and rates say no more than their ranges."""

import polars as pl
import pytest

from evalkit.disclosure import protect_estimates
from evalkit.report import in_words

FROM = {"source": "made up for this test", "grade": "L", "unit": "months"}
VALUES = ["estimate", "ci_lower", "ci_upper"]


def _rates(*rates, name="exit_rates-norr"):
    rows = [("Norr", last, first, *values, 50) for first, last, *values in rates]
    table = pl.DataFrame(
        rows, schema=["district", "last_month", "first_month", *VALUES, "n"], orient="row"
    )
    return protect_estimates(
        table,
        name=name,
        keys=["district", "last_month"],
        values=["first_month", *VALUES],
        n_persons="n",
        **FROM,
    )


def _months(*groups):
    rows = [
        ("Norr", characteristic, group, 24, *values, n, n)
        for characteristic, group, n, *values in groups
    ]
    keys = ["district", "characteristic", "group", "horizon_months"]
    table = pl.DataFrame(rows, schema=[*keys, *VALUES, "n_spells", "n_persons"], orient="row")
    return protect_estimates(
        table,
        name="group_months",
        keys=keys,
        values=[*VALUES, "n_spells", "n_persons"],
        n_persons="n_persons",
        **FROM,
    )


@pytest.fixture
def said(run, words):
    def say(table):
        return words.language, str(in_words(run, "Norr", words, table).striptags())

    return say


@pytest.mark.parametrize(
    ("last", "sv", "en"),
    [
        ((0.03, 0.02, 0.05), "Takten sjunker", "The rate falls"),
        ((0.30, 0.20, 0.40), "Takten stiger", "The rate rises"),
        ((0.09, 0.05, 0.12), "avgör inte", "do not tell"),
    ],
)
def test_rates_fall_or_rise_only_where_ranges_are_apart(said, last, sv, en):
    language, text = said(_rates((1, 3, 0.11, 0.08, 0.15), (13, 24, *last)))

    assert {"sv": sv, "en": en}[language] in text


def test_rates_always_come_with_the_caution_of_sorting(said):
    language, text = said(_rates((1, 3, 0.11, 0.08, 0.15), (13, 24, 0.03, 0.02, 0.05)))

    assert {
        "sv": "de som är kvar är andra än de som kom",
        "en": "those who remain differ from those who came",
    }[language] in text


@pytest.mark.parametrize(
    ("groups", "sv", "en"),
    [
        (
            [("sex", "female", 40, 12.0, 10.5, 13.5), ("sex", "male", 50, 8.0, 7.0, 9.0)],
            "gruppen ”kvinnor” stannar längst",
            "the group “women” stays longest",
        ),
        (
            [("sex", "female", 40, 9.0, 7.5, 10.5), ("sex", "male", 50, 8.0, 7.0, 9.0)],
            "avgör inte",
            "do not tell",
        ),
        (
            [("sex", "female", 3, 9.0, 7.5, 10.5), ("sex", "male", 50, 8.0, 7.0, 9.0)],
            "för små",
            "too small",
        ),
    ],
)
def test_a_group_stays_longest_only_where_its_range_is_above_all_others(said, groups, sv, en):
    language, text = said(_months(*groups))

    assert {"sv": sv, "en": en}[language] in text


def test_what_is_not_told_apart_is_said(said):
    language, text = said(
        _months(("sex", "female", 40, 12.0, 10.5, 13.5), ("sex", "male", 50, 8.0, 7.0, 9.0))
    )

    expected = {
        "sv": "Inte uppdelat efter ålder och hinder för egen försörjning",
        "en": "Not told apart by age and obstacle to self-support",
    }
    assert expected[language] in text


def test_several_groups_are_compared_by_their_ends_when_the_longest_is_not_clear(said):
    groups = [
        ("age", "–24", 40, 6.0, 5.0, 7.0),
        ("age", "25–34", 40, 9.0, 8.0, 10.0),
        ("age", "35–", 40, 9.5, 8.5, 10.5),
    ]

    language, text = said(_months(*groups))

    assert {
        "sv": "”35 år eller äldre” stannar längre än gruppen ”under 25 år”",
        "en": "“35 or older” stays longer than the group “under 25”",
    }[language] in text
