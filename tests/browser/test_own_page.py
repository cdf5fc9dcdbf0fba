"""A page of a researcher's own in a real browser: no rule of axe-core is broken, nothing is asked
of the network, and it can be read on a narrow screen.
"""

import numpy as np
import polars as pl
import pytest
from test_accessible import OPEN_ALL, violations

from evalkit import report, survival

pytestmark = pytest.mark.browser

NARROW = 320  # pixels


@pytest.fixture(scope="module")
def own_page(tmp_path_factory):
    rng = np.random.default_rng(1)
    spells = pl.DataFrame(
        {
            "months": rng.geometric(0.15, 400).clip(1, 24),
            "how": rng.choice(["work", "studies", None], 400, p=[0.6, 0.2, 0.2]),
            "group": rng.choice(["women", "men"], 400),
        }
    )
    curves = survival.aalen_johansen(spells, time="months", event="how", by=["group"])
    means = pl.DataFrame(
        {
            "group": ["women", "men", "others"],
            "n_persons": [210, 187, 3],
            "estimate": [6.1, 5.9, 4.0],
            "ci_lower": [5.2, 4.9, 1.0],
            "ci_upper": [7.0, 6.8, 9.0],
        }
    )
    counts = pl.DataFrame({"group": ["a", "b", "c"], "n_persons": [40, 60, 75]})
    items = ["Made-up people.", "# Leaving", curves, ("Mean months", means), "# Counts", counts]
    return report.page(items, out=tmp_path_factory.mktemp("own") / "own.html", title="My register")


@pytest.mark.parametrize("is_open", [False, True], ids=["closed", "open"])
def test_axe_finds_nothing_on_an_own_page(browser, own_page, is_open):
    browser.open(own_page)
    if is_open:
        browser.driver.execute_script(OPEN_ALL)

    assert violations(browser.driver) == []


def test_an_own_page_asks_nothing_of_the_network_and_says_nothing_to_the_console(browser, own_page):
    visit = browser.visit(own_page)

    assert browser.outside_requests() == []
    assert browser.console() == []
    assert visit


def test_an_own_page_fits_a_narrow_screen(browser, own_page):
    browser.open(own_page)

    assert browser.scroll_width(NARROW) <= NARROW
