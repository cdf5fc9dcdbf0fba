"""Decision pages for everyone: the rules of axe-core, the keyboard alone, forced colours."""

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

OPEN_ALL = 'document.querySelectorAll("main details").forEach((fold) => { fold.open = true; });'
FOCUSABLE = 'a[href], button, input, select, summary, [tabindex="0"]'
REACHABLE = f"""
return [...document.querySelectorAll('{FOCUSABLE}')].filter((element) => {{
  const fold = element.closest("details:not([open])");
  const isInside = fold && !(element.tagName === "SUMMARY" && element.parentElement === fold);
  return !element.disabled && !isInside && element.getClientRects().length;
}}).map((element) => element.outerHTML.slice(0, 120));
"""
FOCUSED = """
const element = document.activeElement, box = element.getBoundingClientRect();
const style = getComputedStyle(element);
const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
return {
  html: element.outerHTML.slice(0, 120),
  isPage: element === document.body,
  isOutlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
  isSeen: box.width > 0 && box.bottom > 0 && box.top < innerHeight
    && Boolean(middle) && (element.contains(middle) || middle.contains(element)),
};
"""


def decision_pages(site, run, language: str) -> list:
    """The city's decision page and those of the districts, in a language."""
    return sorted((site / language).glob("*.html"))


@pytest.fixture
def page_of_city(browser, site, run):
    """The city's decision page, opened."""
    browser.open(site / run.params.languages[0] / "index.html")
    return browser.driver


@pytest.mark.parametrize("is_open", [False, True], ids=["closed", "open"])
def test_axe_finds_nothing_on_decision_pages(browser, site, run, is_open):
    first, *others = run.params.languages
    # What differs between languages is texts: of the others, the city's page.
    pages = [*decision_pages(site, run, first), *(site / one / "index.html" for one in others)]
    faults = {}
    for path in pages:
        browser.open(path)
        if is_open:
            browser.driver.execute_script(OPEN_ALL)
        if found := violations(browser.driver):
            faults[f"{path.parent.name}/{path.name}"] = found

    assert faults == {}


def test_axe_finds_nothing_behind_the_answers(browser, site, run):
    folder = site / run.params.languages[0]
    # The programme's page stands where actions were delivered; of the sheets, one.
    programme, sheets = folder / "about" / "programme.html", sorted(folder.glob("people/*.html"))
    pages = [folder / "evidence" / "all.html", folder / "about" / "method.html", sheets[0]]
    faults = {}
    for path in [*pages, *([programme] if programme.exists() else [])]:
        browser.open(path)
        browser.driver.execute_script(OPEN_ALL)
        if found := violations(browser.driver):
            faults[path.name] = found

    assert faults == {}


def test_axe_would_find_a_fault(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>x</title><main><img src='data:,'></main>", "utf-8")

    browser.open(page)

    assert {rule for rule, _ in violations(browser.driver)} >= {"image-alt", "html-has-lang"}


def violations(driver) -> list[tuple[str, list[str]]]:
    """The rules of axe-core that a page breaks, with the elements that break them."""
    driver.set_script_timeout(60)
    found = Axe().run(driver)["violations"]
    return [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found]


def tab_through(driver, most: int) -> list[dict]:
    """What is focused, one press of the tab key after the other, until the page is left."""
    reached = []
    for _ in range(most):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        focused = driver.execute_script(FOCUSED)
        if focused["isPage"]:
            break
        reached.append(focused)
    return reached


@pytest.mark.parametrize("width", [360, 1280])
def test_everything_is_reached_with_the_keyboard_in_the_order_of_the_page(page_of_city, width):
    at_rest = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    page_of_city.execute_cdp_cmd("Emulation.setEmulatedMedia", at_rest)
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page_of_city.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        expected = page_of_city.execute_script(REACHABLE)
        reached = tab_through(page_of_city, len(expected) + 5)
    finally:
        page_of_city.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    assert [focused["html"] for focused in reached] == expected
    assert [focused["html"] for focused in reached if not focused["isOutlined"]] == []
    assert [focused["html"] for focused in reached if not focused["isSeen"]] == []


def test_the_menu_opens_and_leads_on_with_the_keyboard(page_of_city):
    page_of_city.find_element("css selector", ".menu summary").send_keys(Keys.ENTER)
    page_of_city.switch_to.active_element.send_keys(Keys.TAB, Keys.TAB)
    focused = page_of_city.switch_to.active_element
    target = focused.get_attribute("href")
    focused.send_keys(Keys.ENTER)

    assert page_of_city.current_url.split("#")[0] == target and not target.endswith("index.html")


def test_forced_colours_keep_words_and_borders(page_of_city):
    media = {"features": [{"name": "forced-colors", "value": "active"}]}
    page_of_city.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        is_forced = page_of_city.execute_script(
            "return matchMedia('(forced-colors: active)').matches"
        )
        borders = page_of_city.execute_script(
            "return [...document.querySelectorAll('.advice:not(.cannot_be_said)')]"
            ".map((one) => parseFloat(getComputedStyle(one).borderTopWidth))"
        )
        swatches = page_of_city.execute_script(
            "return [...document.querySelectorAll('.swatch:not(.recovered)')]"
            ".map((one) => getComputedStyle(one).backgroundColor)"
        )
    finally:
        page_of_city.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    assert is_forced
    assert all(width > 0 for width in borders)
    # Payers are told apart by their colours, which forced colours leave as they are.
    assert len(set(swatches)) == len(swatches)
