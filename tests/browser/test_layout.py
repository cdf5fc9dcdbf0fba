"""Decision pages on paper, on a screen and without scripts: two sheets with nothing cut off, six
screens, and all that they say.
"""

import base64
import re

import pytest

pytestmark = pytest.mark.browser

SHEETS, SCREENS, SCREEN_HEIGHT = 2, 6, 800
# A4 between the page's margins, in CSS pixels; what stands in half a margin is still printed.
PAPER_WIDTH, HALF_MARGIN = 710, 20
BEYOND_PAPER = """
const [left, right] = arguments;
return [...document.querySelectorAll("body *")].filter((element) => {
  const texts = [...element.childNodes].filter((one) => one.nodeType === 3 && one.data.trim());
  return texts.length && !element.closest(".unseen") && [...element.getClientRects()].some(
    (box) => box.width && (box.left < left || box.right > right));
}).map((element) => element.textContent.trim().slice(0, 60));
"""
SAID = """
return [...document.querySelectorAll("[data-answer], [data-table], h1, h2, h3")].map(
  (one) => one.textContent);
"""


@pytest.fixture(scope="module")
def paths(site, run):
    """The decision pages in every language."""
    return [
        path
        for language in run.params.languages
        for path in sorted((site / language).glob("*.html"))
    ]


@pytest.fixture(scope="module")
def for_people(site):
    """The pages for the person who may take part, in every language."""
    return sorted(site.glob("*/people/*.html"))


def faults(paths, find) -> dict:
    """What a search finds on each page; pages without a finding are left out."""
    found = {"/".join(path.parts[-2:]): find(path) for path in paths}
    return {name: what for name, what in found.items() if what}


def n_sheets(browser, path) -> int:
    """How many sheets of paper a page fills."""
    browser.open(path)
    options = {"preferCSSPageSize": True, "printBackground": True}
    printed = browser.driver.execute_cdp_cmd("Page.printToPDF", options)["data"]
    return len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed)))


def test_a_decision_page_fills_two_sheets(browser, paths):
    def wrong(path):
        n = n_sheets(browser, path)
        return n if n != SHEETS else None

    assert faults(paths, wrong) == {}


def test_the_page_for_the_person_fills_one_sheet(browser, for_people):
    def wrong(path):
        n = n_sheets(browser, path)
        return n if n != 1 else None

    assert faults(for_people, wrong) == {}


def test_nothing_is_cut_off_on_paper(browser, paths, for_people):
    def cut(path):
        browser.open(path)
        return browser.driver.execute_script(BEYOND_PAPER, -HALF_MARGIN, PAPER_WIDTH + HALF_MARGIN)

    metrics = {"width": PAPER_WIDTH, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        found = faults([*paths, *for_people], cut)
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    assert found == {}


def test_a_decision_page_is_at_most_six_screens(browser, paths):
    def height(path):
        browser.open(path)
        screens = browser.driver.execute_script(
            "return document.documentElement.scrollHeight / arguments[0]", SCREEN_HEIGHT
        )
        return screens if screens > SCREENS else None

    metrics = {"width": 1280, "height": SCREEN_HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        found = faults(paths, height)
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    assert found == {}


def test_a_page_says_the_same_without_scripts(browser, paths):
    def differs(path):
        with_scripts, without = (_said(browser, path, is_off) for is_off in (False, True))
        return [] if with_scripts == without else [with_scripts, without]

    assert faults(paths, differs) == {}


def _said(browser, path, is_off: bool) -> list[str]:
    """The answers, numbers and headings of a page, with its scripts on or off."""
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": is_off})
    try:
        browser.open(path)
        return browser.driver.execute_script(SAID)
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
