"""The reference is whole: every name has an example that runs, every key a meaning, every command a
section; and its pages lead nowhere that is not there, and nowhere outside.
"""

import csv
import importlib
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
import typer
from pages.commands import commands_of
from pages.differences import MEASURED
from pages.examples import FOLDER, SETUP, cells_of
from pages.keys import keys_of, model_named, records_of
from pages.links import DOCS, ROOT

from evalkit.cli import app

ROOMS = sorted(
    path.stem
    for path in (DOCS / "reference").glob("*.rst")
    if ".. room::" in path.read_text(encoding="utf-8")
)
MODELS = sorted(
    name
    for path in (DOCS / "reference").glob("*.rst")
    for name in re.findall(r"\.\. keys:: (\S+)", path.read_text(encoding="utf-8"))
)
# Names that still want an example; the list only gets shorter.
WITHOUT_EXAMPLE = {
    "charts.district_figures",
    "charts.district_ranks",
    "charts.intervention_figures",
    "charts.overview_figures",
    "economics.LeverState",
    "economics.Revalued",
    "economics.advice_of_run",
    "economics.drift",
    "economics.levers_of",
    "economics.read_vintage",
    "economics.revalue",
    "intake.write_monthly_record",
    "report.write_district_pages",
    "report.write_intervention_pages",
    "report.write_overviews",
    "simulate.rollout_truth",
}
LOADED_BY = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class _Page(HTMLParser):
    """What a page loads, where it links to, and the places it can be linked to."""

    def __init__(self, text: str):
        super().__init__()
        self.loads, self.links, self.places = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if known.get("id"):
            self.places.add(known["id"])
        if tag in LOADED_BY and known.get("rel") not in ("index", "search", "next", "prev"):
            self.loads.append(known.get(LOADED_BY[tag]) or "")
        if tag == "a" and known.get("href"):
            self.links.append(known["href"])


@pytest.mark.parametrize("room", ROOMS)
def test_every_name_of_a_room_has_an_example(room):
    names = set(importlib.import_module(f"evalkit.{room}").__all__)
    shown = {name for cell in cells_of(room) for name in cell.names} - {SETUP}

    assert {f"{room}.{name}" for name in names - shown} <= WITHOUT_EXAMPLE
    assert shown - names == set(), "an example of a name that the room does not have"


def test_what_wants_an_example_is_still_there():
    gone = [
        name
        for room, _, name in (entry.partition(".") for entry in WITHOUT_EXAMPLE)
        if name not in importlib.import_module(f"evalkit.{room}").__all__
    ]

    assert gone == []


def test_every_test_that_was_measured_is_still_there():
    with MEASURED.open(encoding="utf-8", newline="") as file:
        gone = [
            row
            for row in csv.DictReader(file)
            if f"def {row['test']}(" not in (ROOT / row["module"]).read_text(encoding="utf-8")
        ]

    assert gone == [], "docs/reference/measure.py"


def test_every_example_speaks_of_a_room():
    assert {path.stem for path in FOLDER.glob("*.py")} <= set(ROOMS)


@pytest.mark.parametrize("model", MODELS)
def test_every_key_of_a_parameter_file_says_what_it_means(model):
    silent = [
        f"{record.__name__}.{key.name}"
        for record in records_of(model_named(model))
        for key in keys_of(record)
        if not key.meaning
    ]

    assert silent == []


@pytest.mark.slow
def test_the_reference_is_built_without_a_warning_and_leads_nowhere_outside(built_docs):
    pages = {
        path: _Page(path.read_text(encoding="utf-8")) for path in sorted(built_docs.rglob("*.html"))
    }
    broken, outside = [], []
    for path, page in pages.items():
        for address in (*page.loads, *page.links):
            parts = urlsplit(address)
            if parts.scheme == "data":
                continue
            if parts.scheme or parts.netloc:
                outside += [f"{path.name}: {address}"] if address in page.loads else []
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = target in pages and (
                not parts.fragment or unquote(parts.fragment) in pages[target].places
            )
            if not there and not (target.is_file() and target not in pages):
                broken.append(f"{path.relative_to(built_docs)}: {address}")

    assert len(pages) > 40
    assert broken == []
    assert outside == []


@pytest.mark.slow
def test_every_command_and_option_stands_in_the_reference(built_docs):
    text = (built_docs / "reference" / "commands.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", text)

    root = typer.main.get_command(app)
    options = {
        name for _, command in commands_of(root) for one in command.params for name in one.opts
    }
    lacking = [call for call, _ in commands_of(root) if call not in text]
    assert lacking == []
    assert [name for name in options if name.startswith("-") and name not in text] == []
