"""The reference as `make docs` builds it: without a warning, every link leads somewhere, and opened
from a file it asks nothing of the network, is found by its search, and breaks no rule of axe-core.
"""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import typer
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from test_accessible import violations

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from pages.commands import commands_of  # noqa: E402

from evalkit.cli import app  # noqa: E402

# The examples of all rooms are run.
pytestmark = pytest.mark.timeout(600)
LOADED_BY = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
PAGES = ("index.html", "how_to/own_notebook.html", "reference/price_book.html")
MIN_PAGES = 40
WAIT_SECONDS = 30


class Page(HTMLParser):
    """What a page loads, where it links to, and the places it can be linked to."""

    def __init__(self, text: str):
        super().__init__()
        self.loads, self.links, self.places = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if known.get("id"):
            self.places.add(known["id"])
        if tag in LOADED_BY and known.get(LOADED_BY[tag]):
            self.loads.append(known[LOADED_BY[tag]])
        if tag == "a" and known.get("href"):
            self.links.append(known["href"])


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> Path:
    """The folder of the built pages; a warning of the build is an error."""
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "-d", f"{folder}/trees"]
    built = subprocess.run(
        [*command, str(ROOT / "docs"), f"{folder}/html"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def pages(reference) -> dict[Path, Page]:
    """The built pages as a browser would read them."""
    return {path: Page(path.read_text("utf-8")) for path in sorted(reference.rglob("*.html"))}


def test_every_link_of_the_reference_leads_somewhere(pages):
    broken = []
    for path, page in pages.items():
        for address in (*page.loads, *page.links):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            is_there = target in pages and (not place or place in pages[target].places)
            if not is_there and (target in pages or not target.is_file()):
                broken.append(f"{path.name}: {address}")

    assert len(pages) > MIN_PAGES
    assert broken == []


def test_the_reference_loads_nothing_from_outside(pages):
    outside = [
        f"{path.name}: {address}"
        for path, page in pages.items()
        for address in page.loads
        if urlsplit(address).scheme not in ("", "data") or urlsplit(address).netloc
    ]

    assert outside == []


def test_no_page_names_a_place_of_this_computer(reference):
    named = [
        path.name
        for path in reference.rglob("*.html")
        if str(ROOT) in path.read_text(encoding="utf-8")
    ]

    assert named == []


def test_every_command_and_option_stands_in_the_reference(reference):
    text = (reference / "reference" / "commands.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", text)
    commands = list(commands_of(typer.main.get_command(app)))
    options = {name for _, command in commands for one in command.params for name in one.opts}

    assert [call for call, _ in commands if call not in text] == []
    assert [name for name in options if name.startswith("-") and name not in text] == []


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_reference_opens_from_a_file_for_everyone(browser, reference, page):
    browser.open(reference / page)

    assert violations(browser.driver) == []
    assert browser.outside_requests() == []


@pytest.mark.browser
def test_the_search_of_the_reference_works_from_a_file(browser, reference):
    browser.open(reference / "search.html")
    browser.driver.get(f"{(reference / 'search.html').as_uri()}?q=restricted_mean")

    found = WebDriverWait(browser.driver, WAIT_SECONDS).until(
        lambda driver: [one.text for one in driver.find_elements(By.CSS_SELECTOR, ".search li a")]
    )
    assert any("restricted_mean" in title for title in found)
    assert browser.outside_requests() == []
