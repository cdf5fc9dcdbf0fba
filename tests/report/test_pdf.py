"""Printing decision pages, with browsers that are small programs."""

import json
import sys
from pathlib import Path

import pytest

from evalkit.errors import ParameterError, PrintError
from evalkit.params import Run
from evalkit.report.browser import find_browser
from evalkit.report.pdf import print_pages, printed_pages
from evalkit.tables import print_of

PRINTS = """#!{python}
import json, sys
options = dict(word.removeprefix("--").split("=", 1) for word in sys.argv[1:] if "=" in word)
address = sys.argv[-1]
if "broken" in address:
    sys.exit("a page that breaks the browser")
with open(options["print-to-pdf"], "w") as file:
    file.write("%PDF-" + json.dumps([address, options["user-data-dir"], sys.argv[1:]]))
"""


@pytest.fixture
def browser(tmp_path) -> Path:
    path = tmp_path / "browser"
    path.write_text(PRINTS.replace("{python}", sys.executable), encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def run(tmp_path) -> Run:
    """A run of two languages with the pages of two districts, and pages that are no decision's."""
    for page in (
        "index",
        "sv/index",
        "sv/berg",
        "sv/ö",
        "en/index",
        "en/berg",
        "sv/evidence/berg",
        "sv/people/help",
    ):
        path = tmp_path / "run" / "site" / f"{page}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<!doctype html>", encoding="utf-8")
    return Run.model_construct(
        run_dir=tmp_path / "run", params=type("Params", (), {"languages": ("sv", "en")})
    )


def test_pages_are_the_city_first_then_the_sheets_and_language_by_language(run):
    pages = printed_pages(run)

    assert [f"{page.parent.name}/{page.stem}" for page in pages] == [
        "sv/index",
        "sv/berg",
        "sv/ö",
        "people/help",
        "en/index",
        "en/berg",
    ]


def test_a_run_without_pages_is_told_in_four_lines(run, tmp_path):
    with pytest.raises(ParameterError) as caught:
        printed_pages(run.model_copy(update={"run_dir": tmp_path / "none"}))

    assert str(caught.value).splitlines()[0] == "The run has no report."


def test_each_page_is_printed_beside_itself_in_a_fresh_profile_that_reaches_nobody(run, browser):
    pages = printed_pages(run)

    prints = print_pages(pages, browser)

    called = [json.loads(path.read_text().removeprefix("%PDF-")) for path in prints]
    assert list(prints) == [page.with_suffix(".pdf") for page in pages]
    assert [address for address, _, _ in called] == [page.as_uri() for page in pages]
    profiles = {profile for _, profile, _ in called}
    assert len(profiles) == len(pages)
    assert not any(Path(profile).exists() for profile in profiles)
    assert all("--host-resolver-rules=MAP * ~NOTFOUND" in words for *_, words in called)


def test_a_page_that_cannot_be_printed_is_named_and_does_not_stop_the_others(run, browser):
    broken = run.run_dir / "site" / "en" / "broken.html"
    broken.touch()
    shown = []

    with pytest.raises(PrintError) as caught:
        print_pages(
            printed_pages(run), browser, on_page=lambda page, fault: shown.append((page, fault))
        )

    lines = str(caught.value).splitlines()
    assert lines[0] == "1 of 7 pages could not be printed."
    assert lines[1] == f"  where: {browser}: en/broken.html"
    assert "a page that breaks the browser" in lines[2]
    assert caught.value.exit_code == 1
    assert [page.stem for page, fault in shown if fault] == ["broken"]
    assert len(list((run.run_dir / "site").rglob("*.pdf"))) == len(shown) - 1
    assert not list((run.run_dir / "site").rglob("*.partial.*"))


def test_without_a_browser_nothing_is_printed_and_the_fix_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ParameterError) as caught:
        find_browser()

    what, where, _, fix = str(caught.value).splitlines()
    assert what == "No browser that can print was found."
    assert "chromium, chromium-browser, google-chrome, chrome" in where
    assert "--browser PATH" in fix


def test_a_browser_that_is_named_is_the_one_that_prints(browser):
    assert find_browser(browser) == browser


def test_a_print_lies_beside_its_page():
    assert print_of(Path("site/sv/berg.html")) == Path("site/sv/berg.pdf")
