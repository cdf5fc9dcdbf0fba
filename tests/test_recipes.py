"""The recipes of docs/HOUSE.md, walked: what one of them asks for is there for everything that is
declared. What is missing is named with the file in which it would stand.
"""

import ast
import json
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import polars as pl
import pytest

from evalkit.charts.register import CHARTS
from evalkit.intake import load_contracts, load_layouts
from evalkit.line.actors import ACTOR_NAMES, PAYERS, PERSPECTIVES_WITH_MUNICIPALITY
from evalkit.line.adjustment import LatestTable
from evalkit.line.columns import COLUMNS
from evalkit.line.delivered import delivered
from evalkit.line.derived import DERIVED
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.needs import ANSWERS, WHOLE_TABLE
from evalkit.line.published import PUBLISHED, STATIONS
from evalkit.line.states import AGGREGATES, EFFECT_OUTCOMES, PRIMARY_AGGREGATES, STATES
from evalkit.shipped import shipped_notebooks
from evalkit.words import languages, words

ROOT = Path(__file__).parents[1]
CONTRACTS = load_contracts(ROOT / "data_contracts")
NOTEBOOKS = {path: json.loads(path.read_text(encoding="utf-8")) for path in shipped_notebooks()}


def lacking_words(names: Iterable[str]) -> list[str]:
    keys = list(names)
    return [
        f"evalkit/words/{language}.yaml lacks {name}, or value.{name}"
        for language in languages()
        for name in keys
        if not words(language).has(name)
    ]


def texts_of(folder: str) -> set[str]:
    """The texts in the code of a folder: names of tables among them."""
    return {
        node.value
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_state_can_be_delivered():
    (column,) = [c for c in CONTRACTS["livelihood"].columns if c.name == "state"]
    place = "data_contracts/livelihood.odcs.yaml, state"

    lacking = [f"{place}: {state}" for state in STATES["state"] if state not in column.allowed]
    unknown = [f"{place}: {state}" for state in column.allowed if state not in set(STATES["state"])]

    assert lacking == []
    assert unknown == []


def test_every_outcome_has_its_words():
    told = (*EFFECT_OUTCOMES, *AGGREGATES)
    primary = (
        *PRIMARY_AGGREGATES,
        *STATES.filter(pl.col("state_class") == "self_support")["outcome"],
    )
    at_end = [f"{outcome}_share_at_end" for outcome in primary]

    assert lacking_words([*told, *(f"months_{outcome}" for outcome in told), *at_end]) == []


def test_every_actor_payer_and_perspective_has_its_words():
    assert lacking_words([*ACTOR_NAMES, *PAYERS, *PERSPECTIVES_WITH_MUNICIPALITY]) == []


def test_every_estimand_has_its_words():
    assert lacking_words(ESTIMANDS.values()) == []


@pytest.mark.parametrize("table", PUBLISHED.values(), ids=lambda table: table.name)
def test_a_published_table_is_declared_whole(table):
    undeclared = [name for name in table.columns if name not in COLUMNS]

    assert undeclared == [], "evalkit/line/columns.py"
    assert table.row.startswith("One row per "), "evalkit/line/published/"
    assert table.unit, "evalkit/line/published/"
    assert table.guard is not None, "evalkit/line/published/"
    assert not table.is_person_level, "evalkit/line/published/"


def test_every_published_table_is_written_by_a_notebook():
    written = {
        output.removeprefix("published/").partition("-")[0]
        for notebook in NOTEBOOKS.values()
        for output in notebook["metadata"].get("evalkit", {}).get("writes", ())
        if output.startswith("published/")
    }

    on_request = {table.name for name in ("counts", "design") for table in STATIONS[name]}
    assert written == set(PUBLISHED) - on_request, "the notebooks' metadata, or line/published/"
    assert on_request <= texts_of("evalkit/cli"), "evalkit/cli/count.py"


def test_every_published_table_is_shown_or_says_for_whom_it_is():
    shown = {chart.of for chart in CHARTS.values()} | texts_of("evalkit/report")

    nobodys = {name for name, table in PUBLISHED.items() if name not in shown and not table.about}
    not_needed = {name for name, table in PUBLISHED.items() if name in shown and table.about}

    assert nobodys == set(), "evalkit/line/published/: no page or chart reads it, and no `about`"
    assert not_needed == set(), "evalkit/line/published/: `about` says that nobody shows it"


def test_every_chart_draws_a_table_that_is_published():
    assert [
        f"{name}: {chart.of}" for name, chart in CHARTS.items() if chart.of not in PUBLISHED
    ] == []


def test_every_chart_has_its_place_in_a_page_or_a_notebook():
    placed = texts_of("evalkit/report/evidence")
    shown = " ".join(
        "".join(cell["source"])
        for notebook in NOTEBOOKS.values()
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    )

    unplaced = {chart.figure for chart in CHARTS.values() if chart.page != "notebook"} - placed
    unshown = {
        name
        for name, chart in CHARTS.items()
        if chart.page == "notebook" and f"charts.{name}" not in shown
    }

    assert unplaced == set(), "evalkit/report/evidence/"
    assert unshown == set(), "notebooks/"


def test_what_a_delivered_table_answers_has_its_words():
    unknown = [
        f"{table}.{column}"
        for table, column in ANSWERS
        if table not in delivered()
        or (column != WHOLE_TABLE and column not in delivered()[table].schema)
    ]
    names = [table if column == WHOLE_TABLE else column for table, column in ANSWERS]
    keys = [*names, *(f"adds_{question}" for question in ANSWERS.values())]

    assert unknown == [], "evalkit/line/needs.py"
    assert lacking_words(f"delivered.{key}" for key in dict.fromkeys(keys)) == []


def read_texts() -> set[str]:
    """The words in the code of those rooms and notebooks that read what was delivered."""
    rooms = ("spells", "survival", "effects", "economics", "allocation", "monitoring", "cli")
    texts = {text for room in rooms for text in texts_of(f"evalkit/{room}")} | {
        word
        for notebook in NOTEBOOKS.values()
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
        for word in "".join(cell["source"]).split('"')
    }
    return {word for text in texts for word in text.split()}


def test_every_delivered_table_has_its_contract_and_is_read():
    read = read_texts() | texts_of("evalkit")

    assert set(delivered()) == set(CONTRACTS)
    assert [name for name in (*delivered(), *DERIVED) if name not in read] == []


def test_no_contract_is_without_a_question_and_a_reader():
    read = read_texts()

    without_question = [name for name in CONTRACTS if (name, WHOLE_TABLE) not in ANSWERS]
    assert without_question == [], "evalkit/line/needs.py, ANSWERS"
    assert [name for name in CONTRACTS if name not in read] == []


def test_a_column_that_nothing_reads_says_so():
    # A protocol may name any column of these; the official record has fields for others.
    of_protocols = ("person", *get_args(LatestTable))
    layouts = load_layouts(ROOT / "data_contracts")
    of_records = {name for layout in layouts for name in layout.names}
    read = read_texts() | of_records

    silent = [
        f"{table}.{column.name}"
        for table, contract in CONTRACTS.items()
        if table not in of_protocols
        for column in contract.columns
        if (column.name not in read) != ("no page reads it" in column.description["en"])
    ]
    assert silent == [], "data_contracts/: a reader in a room, or 'no page reads it'"
