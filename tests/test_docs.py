"""The documentation is true: what it names is there, and what is there it names."""

import re
from pathlib import Path

import pytest

import evalkit

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
HOUSE = (DOCS / "HOUSE.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
_IN_THE_REPOSITORY = re.compile(
    r"`((?:evalkit|params|notebooks|tests|data_contracts|docs|benchmarks)/[\w./-]*)`"
)
_TEST = re.compile(r"`(tests/[\w./-]+\.py)::(\w+)`")
# A name in capitals stands for any: data_contracts/TABLE.odcs.yaml.
_ANY = re.compile(r"(?<![\w.])[A-Z]{3,}(?![A-Z]*\.md)")
_LINK = re.compile(r"\]\((?!http)([^)#]+)\)")
MAX_PICTURE_BYTES, MIN_WORDS_ON_A_PICTURE = 300_000, 20


def _names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_names)
def test_every_file_and_link_that_a_page_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    named = {_ANY.sub("*", path.rstrip("/")) for path in _IN_THE_REPOSITORY.findall(text)}
    linked = {page.parent / path for path in _LINK.findall(text)}

    assert {path for path in named if not any(ROOT.glob(path))} == set()
    assert {path for path in linked if not path.exists()} == set()


def test_every_test_that_a_page_names_is_there():
    named = {found for page in PAGES for found in _TEST.findall(page.read_text(encoding="utf-8"))}

    assert named
    assert {
        f"{path}::{name}"
        for path, name in named
        if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    } == set()


def test_the_map_names_every_room_and_every_room_inside_a_room():
    rooms = {path.parent.name for path in (ROOT / "evalkit").glob("*/__init__.py")}
    inside = {path.parent.name for path in (ROOT / "evalkit").glob("*/*/__init__.py")}
    modules = {path.name for path in (ROOT / "evalkit").glob("[a-z]*.py")}
    tables = re.findall(r"^\| `(\w+)/` \| (.+?) \|$", HOUSE, re.MULTILINE)
    named_inside = {name for _, text in tables for name in re.findall(r"`(\w+)/`", text)}

    assert {room for room, _ in tables} == rooms
    assert named_inside - rooms == inside
    assert {name for name in modules if f"`{name}`" not in HOUSE} == set()


def test_the_map_links_every_decision():
    decisions = {path.name for path in (DOCS / "decisions").glob("*.md")}

    assert {Path(link).name for link in _LINK.findall(HOUSE) if "decisions/" in link} == decisions


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=_names)
def test_a_decision_says_what_why_what_else_and_what_it_costs(page):
    text = page.read_text(encoding="utf-8")

    assert text.startswith(f"# {int(page.name[:4])}. ")
    for part in ("Decided.", "Why.", "What else there was.", "What it costs."):
        assert f"**{part}**" in text


def test_the_newest_version_of_the_changelog_is_the_packages():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+?)(?: \((\d{4}-\d{2}-\d{2})\).*)?$", changelog, re.MULTILINE)
    versions = [(name, day) for name, day in headings if name != "Unreleased"]

    newest, day = versions[0]
    assert newest == evalkit.__version__
    assert day
    assert [name for name, _ in headings][: headings.index(versions[0])] in ([], ["Unreleased"])


def test_the_picture_in_the_readme_is_small_and_says_what_is_seen():
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    [(alternative, path)] = re.findall(r"!\[([^\]]+)\]\((.+?)\)", text)
    assert 0 < (ROOT / path).stat().st_size < MAX_PICTURE_BYTES
    assert len(alternative.split()) > MIN_WORDS_ON_A_PICTURE
