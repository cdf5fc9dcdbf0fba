"""What the page's script adds: tables that sort, tables and pictures to take along."""

import csv
import io
import xml.etree.ElementTree as ET

import pytest
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

# Catches what a page would save instead of saving it.
CATCH = """
window.saved = [];
URL.createObjectURL = function (blob) { window.saved.push(blob); return "#"; };
document.querySelectorAll("main details").forEach(function (one) { one.open = true; });
"""
SAVED = "var done = arguments[0]; window.saved[0].text().then(done);"


@pytest.fixture(params=["sv", "en"])
def overview(request, browser, site, run):
    """The evidence of the city in one of the run's languages, opened."""
    if request.param not in run.params.languages:
        pytest.skip(f"the run has no pages in {request.param}")
    browser.open(site / request.param / "evidence" / "all.html")
    browser.driver.execute_script(CATCH)
    return browser.driver


def _column(driver, table, at):
    return driver.execute_script(
        "return Array.from(arguments[0].tBodies[0].rows).map(r => r.cells[arguments[1]].innerText)",
        table,
        at,
    )


def test_a_table_sorts_by_its_head_with_the_keyboard_and_says_so(overview):
    table = overview.find_element("css selector", "table.sortable")
    buttons = table.find_elements("css selector", "thead th button")
    before = _column(overview, table, 0)

    buttons[1].send_keys(Keys.ENTER)
    counts = [int("".join(filter(str.isdigit, text))) for text in _column(overview, table, 1)]
    buttons[0].send_keys(Keys.ENTER)
    names = _column(overview, table, 0)
    buttons[0].send_keys(Keys.SPACE)

    assert counts == sorted(counts, reverse=True)
    assert sorted(names) == sorted(before)
    assert _column(overview, table, 0) == names[::-1]
    heads = table.find_elements("css selector", "thead th")
    assert [head.get_attribute("aria-sort") for head in heads[:2]] == ["descending", None]


def test_a_table_is_saved_as_it_stands(overview):
    table = overview.find_element("css selector", "table.downloads")
    button = overview.find_element("css selector", ".table + .download")

    overview.execute_script("arguments[0].click()", button)
    overview.set_script_timeout(5)
    text = overview.execute_script("return window.saved[0].type") + overview.execute_async_script(
        SAVED
    )

    is_swedish = overview.execute_script("return document.documentElement.lang") == "sv"
    rows = list(
        csv.reader(
            io.StringIO(text.removeprefix("text/csv;charset=utf-8").removeprefix("\ufeff")),
            delimiter=";" if is_swedish else ",",
        )
    )
    shown = table.find_elements("css selector", "tr")
    assert len(rows) == len(shown)
    assert {len(row) for row in rows} == {len(rows[0])}
    assert rows[1][1].isdigit()


def test_a_picture_is_saved_whole_and_fetches_nothing(overview):
    button = overview.find_element("css selector", "figure.downloads > .download")

    overview.execute_script("arguments[0].click()", button)
    svg = overview.execute_async_script(SAVED)

    root = ET.fromstring(svg)
    assert root.tag.endswith("svg") and float(root.attrib["width"]) > 100
    assert "url(http" not in svg and "<script" not in svg and "var(--" not in svg


def test_a_page_is_whole_without_scripts(browser, site, run):
    path = site / run.params.languages[0] / "evidence" / "all.html"
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(path)
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        n_buttons = browser.driver.execute_script(
            "return document.querySelectorAll('main button').length"
        )
        n_rows = browser.driver.execute_script(
            "return document.querySelector('table.sortable').tBodies[0].rows.length"
        )
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    assert n_buttons == 0
    assert n_rows == len(run.params.districts)
