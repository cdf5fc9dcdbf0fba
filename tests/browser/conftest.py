"""The sites of Northern Ireland and of a small simulated city, opened page by page in headless
Chromium; what was seen is handed to the tests.
"""

import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

# The small city and its line are those of the matrix.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "matrix")]

from small_site import small_site  # noqa: E402

ROOT = Path(__file__).parents[2]
LOOK = Path(__file__).with_name("look.js").read_text(encoding="utf-8")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
# Chromium's own start page is asked for as chrome://, which no file may link to.
LOCAL = ("file:", "data:", "blob:", "chrome:")
# CSS pixels: a phone (WCAG 2.1, 1.4.10), a laptop of 1280 px at 200 % zoom, and at 100 %.
WIDTHS = (320, 640, 1280)
# Real data, where most cannot be said, and a small simulated city, which has everything that a page
# can show. Others, such as the demo's: EVALKIT_SITE=runs/demo_city/latest/site.
RUNS = ("northern_ireland", "small_city")
SITE = Path(os.environ["EVALKIT_SITE"]).resolve() if "EVALKIT_SITE" in os.environ else None


@dataclass(frozen=True)
class Visit:
    """A page as a browser met it: what look.js saw, its width at each window width, requests, and
    what the console said.
    """

    path: Path
    seen: dict
    scroll_widths: dict[int, int]
    outside: list[str]
    console: list[str]


class Browser:
    """Chromium with its request and console logs."""

    def __init__(self, driver):
        self.driver = driver

    def new_tab(self) -> None:
        """A tab of its own, the only one that is open: pages that were left open go on asking."""
        before = self.driver.window_handles
        self.driver.switch_to.new_window("tab")
        tab = self.driver.current_window_handle
        for handle in before:
            self.driver.switch_to.window(handle)
            self.driver.close()
        self.driver.switch_to.window(tab)

    def open(self, path: Path) -> None:
        """Open a file; the logs hold this page only."""
        if len(self.driver.window_handles) > 1 or self.driver.current_url.startswith("http"):
            self.new_tab()
        for log in ("performance", "browser"):
            self.driver.get_log(log)
        self.driver.get(path.as_uri())

    def outside_requests(self) -> list[str]:
        """Addresses asked for that are not on this computer."""
        events = [
            json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")
        ]
        urls = [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in urls if not url.startswith(LOCAL)]

    def console(self) -> list[str]:
        """Everything that the console said."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def scroll_width(self, width: int) -> int:
        """How wide the page is in a window of this width. CSS pixels."""
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        return self.driver.execute_script("return document.documentElement.scrollWidth")

    def visit(self, path: Path) -> Visit:
        """Open a page and look at it."""
        self.open(path)
        seen = self.driver.execute_script(LOOK)
        widths = {width: self.scroll_width(width) for width in WIDTHS}
        return Visit(path, seen, widths, self.outside_requests(), self.console())


@pytest.fixture(scope="session")
def browser():
    from selenium import webdriver

    chromium, chromedriver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    if not (chromium and chromedriver):
        message = (
            "No Chromium is installed (packages chromium and chromium-driver): the pages "
            "were not opened in a browser."
        )
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
        try:
            yield Browser(driver)
        finally:
            driver.quit()


@pytest.fixture(scope="session", params=RUNS if SITE is None else [SITE.parent.name])
def site(request, tmp_path_factory) -> Path:
    """The site to look at: EVALKIT_SITE, or that of the run that `make test` makes first, and that
    of the small city.
    """
    if request.param == "small_city":
        base = tmp_path_factory.getbasetemp()
        # Beside each other, processes have a folder each within one that they share.
        return small_site((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "small")
    folder = SITE or ROOT / "build" / "nbval" / request.param / "latest" / "site"
    if not (folder / "index.html").exists():
        pytest.fail(
            f"There is no site in {folder}. Make it first: evalkit run "
            f"params/{request.param}.yaml --out build/nbval "
            "(make test does so), or name another run's site in EVALKIT_SITE."
        )
    return folder


@pytest.fixture(scope="session")
def run(site):
    """The run that the site belongs to."""
    from evalkit.params import read_run

    return read_run(site.parent)


@pytest.fixture(scope="session")
def visits(browser, site) -> list[Visit]:
    """Every page of the site, opened once."""
    return [browser.visit(path) for path in sorted(site.rglob("*.html"))]


@pytest.fixture(scope="session")
def reports(visits, site) -> list[Visit]:
    """The pages with numbers: all but the choice of language."""
    return [visit for visit in visits if visit.path != site / "index.html"]
