"""The reference is whole: every name has an example, every key a meaning. Its pages are built in
tests/browser/test_reference.py.
"""

import csv
import importlib
import re

import pytest
from pages.differences import MEASURED
from pages.examples import FOLDER, SETUP, cells_of
from pages.keys import keys_of, model_named, records_of
from pages.links import DOCS, ROOT

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
    "economics.since_last",
    "report.write_district_pages",
    "report.write_intervention_pages",
    "report.write_overviews",
}


@pytest.mark.parametrize("room", ROOMS)
def test_every_name_of_a_room_has_an_example(room):
    names = set(importlib.import_module(f"evalkit.{room}").__all__)
    shown = {name for cell in cells_of(room) for name in cell.names} - {SETUP}

    lacking = {f"{room}.{name}" for name in names - shown}
    assert lacking <= WITHOUT_EXAMPLE, f"a cell in docs/reference/examples/{room}.py"
    assert shown - names == set(), "an example of a name that the room does not have"


@pytest.mark.parametrize("room", ROOMS)
def test_no_name_has_two_examples(room):
    shown = [name for cell in cells_of(room) for name in cell.names if name != SETUP]

    assert sorted(name for name in set(shown) if shown.count(name) > 1) == []


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
