"""The notebooks of the tour about effects and money, on runs that they were not written for: by
hand and in one call the numbers are equal (which they assert themselves), no id is shown, mistakes
are further from the truth than the right way, and a run without prices says so.
"""

import re
from pathlib import Path

import line
import nbformat
import pytest
import small_city as small
from cells import executed

from evalkit import tables
from evalkit.errors import ProtocolError
from evalkit.shipped import shipped

EXPLORE = Path(__file__).parents[2] / "notebooks" / "explore"
TOUR = sorted(path for path in EXPLORE.glob("[01][0-9]_*.ipynb"))
ON_A_RUN = sorted(EXPLORE.glob("0[567]_*.ipynb")) + sorted(EXPLORE.glob("10_*.ipynb"))
PERSON = [
    {"name": "female", "kind": "person", "column": "sex", "equals": "female"},
    {"name": "birth_year", "kind": "person", "column": "birth_year"},
]
PROTOCOL = small.PROTOCOL | {"covariates": PERSON, "leavers_in_month_one": "stay"}
PRICED = {
    "run": "priced",
    "value": {"price_book": str(shipped("params", "unit_costs", "stockholm.yaml"))},
}


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tour")
    small.write_small_city(folder / "city", small.DISTRICTS)
    return folder


@pytest.fixture(scope="module")
def priced(city) -> Path:
    """A run of two districts, as far as what is advised."""
    file = small.write_run(city, PRICED, [PROTOCOL], city=city / "city")
    return line.run_line(file, out=city / "runs", last="city/06_advice").run_dir


@pytest.fixture(scope="module")
def plain(city) -> Path:
    """A run without protocols and prices, brought to its spells."""
    file = small.write_run(city, {"run": "plain"}, [], city=city / "city")
    return line.run_line(file, out=city / "runs", last="city/00_prepare").run_dir


def _assert_fit_to_show(told: list[str], shown: list[str], run_dir: Path):
    people = tables.read_table(run_dir, "person")["person_id"].to_list()
    assert not [text for text in told if {"nan", "None", "null"} & set(re.findall(r"\w+", text))]
    assert not [one for one in people if any(one in text for text in shown)]


@pytest.mark.parametrize("notebook", ON_A_RUN, ids=lambda path: path.stem)
def test_notebook_tells_of_any_run_and_shows_nobody(notebook, priced):
    _, told, shown = executed(notebook, run_dir=str(priced))

    assert any("Small city" in text for text in told)
    _assert_fit_to_show(told, shown, priced)


def test_ledger_by_hand_says_where_a_run_has_no_prices(plain):
    _, told, shown = executed(EXPLORE / "10_money.ipynb", run_dir=str(plain))

    assert sum("names no price book" in text for text in told) > 1
    _assert_fit_to_show(told, shown, plain)


@pytest.mark.parametrize(
    ("run", "seed", "sentence"), [("priced", 1, "jobbtorg coaching"), ("plain", 2, "no interv")]
)
def test_mistakes_are_further_from_the_truth_than_the_right_way(run, seed, sentence, request):
    given = {"run_dir": str(request.getfixturevalue(run)), "seed": seed, "n_draws": 20}
    names, told, _ = executed(EXPLORE / "08_ways_to_be_wrong.ipynb", **given)

    errors = names["errors"]
    assert errors.height == 4
    assert (errors["mistaken_by"].abs() > errors["right_way_off_by"].abs()).all()
    assert any(sentence in text for text in told)


@pytest.mark.parametrize("notebook", ON_A_RUN[:3], ids=lambda path: path.stem)
def test_notebook_about_an_intervention_says_where_a_run_has_none(notebook, plain):
    with pytest.raises(ProtocolError, match="asks about no intervention") as refused:
        executed(notebook, run_dir=str(plain))

    assert "effects.protocols: none" in refused.value.where


def test_hidden_trait_pulls_what_is_found_above_what_was_planted():
    names, _, _ = executed(EXPLORE / "09_known_truth.ipynb", n_people=2000, n_draws=20)

    without, hidden = names["error"]
    assert hidden > without


@pytest.mark.parametrize("notebook", TOUR, ids=lambda path: path.stem)
def test_answer_is_folded_and_stands_last(notebook):
    *before, answer = nbformat.read(notebook, as_version=4).cells

    assert "## Exercise" in before[-1].source
    assert answer.metadata["tags"] == ["answer"]
    assert answer.metadata["jupyter"] == {"source_hidden": True, "outputs_hidden": True}
