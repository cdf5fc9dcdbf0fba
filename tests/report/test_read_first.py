"""What stands at the top of every page: that nobody in the data exists, and that ranges rest on few
draws.
"""

import pytest

from evalkit.draws import MIN_DRAWS_FOR_LIMITS
from evalkit.report.site import write_district_page, write_overview

EXTRACT = {"folder": "extract", "first_month": "2019-01", "data_through": "2023-12"}


def _pages(run, tables, words):
    paths = (
        write_district_page(run, "Norr", tables, {}, words),
        write_overview(run, tables, {}, words),
    )
    return [path.read_text(encoding="utf-8") for path in paths]


@pytest.mark.parametrize(
    ("n_draws", "times"), [(MIN_DRAWS_FOR_LIMITS - 1, 1), (MIN_DRAWS_FOR_LIMITS, 0)]
)
def test_few_draws_are_said_once_at_the_top(make_run, tables, words, n_draws, times):
    run = make_run(effects={"protocols": ["protocol.yaml"], "n_draws": n_draws})

    said = words.text(
        "page.few_draws", n_draws=words.number(n_draws), enough=words.number(MIN_DRAWS_FOR_LIMITS)
    )
    for html in _pages(run, tables, words):
        assert html.count(said) == times
        assert not times or html.index(said) < html.index('<p class="lead">')


@pytest.mark.parametrize("is_simulated", [True, False])
def test_a_simulated_extract_is_said_at_the_top(make_run, tables, words, is_simulated):
    run = make_run(extract={**EXTRACT, "is_simulated": is_simulated})

    assert [html.count(words.text("page.simulated")) for html in _pages(run, tables, words)] == [
        int(is_simulated)
    ] * 2


def test_draws_say_nothing_where_no_effect_is_estimated(make_run, tables, words):
    run = make_run(effects={"n_draws": 10})

    assert words.text("page.few_draws", n_draws=10, enough=MIN_DRAWS_FOR_LIMITS) not in "".join(
        _pages(run, tables, words)
    )
