"""Decision pages as PDF, printed by the Chromium that is installed."""

import re
import shutil
import subprocess
import sys

import pytest

from evalkit.tables import slug

pytestmark = pytest.mark.browser

TIME_LIMIT_SECONDS = 300


@pytest.fixture(scope="module")
def prints(browser, site, run, tmp_path_factory):
    """The PDF files of the city's decision page and of one district's, by the name of their page.
    The sheets of all others are counted in test_layout.
    """
    run_dir = tmp_path_factory.mktemp("printed") / "run"
    for language in run.params.languages:
        (run_dir / "site" / language).mkdir(parents=True)
        for name in ("index", slug(run.params.districts[0])):
            shutil.copy(site / language / f"{name}.html", run_dir / "site" / language)
    shutil.copy(site.parent / "run.json", run_dir)
    done = subprocess.run(
        [sys.executable, "-m", "evalkit", "report", str(run_dir), "--pdf"],
        capture_output=True,
        text=True,
        check=True,
        timeout=TIME_LIMIT_SECONDS,
    )
    pages = list((run_dir / "site").glob("*/*.html"))
    assert len(done.stdout.splitlines()) == len(pages)
    return {
        f"{page.parent.name}/{page.stem}": page.with_suffix(".pdf").read_bytes() for page in pages
    }


def test_every_decision_page_prints_on_two_sheets(prints):
    n_sheets = {name: len(re.findall(rb"/Type /Page\b", pdf)) for name, pdf in prints.items()}

    assert n_sheets == dict.fromkeys(prints, 2)


def test_prints_are_tagged_and_say_their_language(prints):
    untagged = {
        name
        for name, pdf in prints.items()
        if b"/StructTreeRoot" not in pdf or f"/Lang ({name.split('/')[0]})".encode() not in pdf
    }

    assert untagged == set()


def test_prints_have_bookmarks(prints):
    assert [name for name, pdf in prints.items() if not re.search(rb"/Type /Outlines\b", pdf)] == []
