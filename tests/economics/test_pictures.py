"""What results of this room show of themselves, as a line with a table and as a picture."""

import numpy as np
import pytest
from one_start import value_effects, value_results

from evalkit import economics
from evalkit.results import Result
from evalkit.sketch import NOT_FOR_RELEASE

MOST_LINES = 40


@pytest.fixture
def values(many_draws, rich_book):
    return value_results(many_draws, rich_book, seed=5, horizon_months=6)


def _drawn(sketch):
    return [row for rows in sketch.chart.to_dict()["datasets"].values() for row in rows]


def test_every_result_is_a_line_and_a_small_table(values, rich_book):
    rng = np.random.default_rng(1)
    results = {
        "value_results": values,
        "price_book": rich_book,
        "mvpf": economics.mvpf(rng.normal(2, 0.1, 50), rng.normal(1, 0.1, 50)),
        "mvpf_without_ratio": economics.mvpf(1.0, -1.0),
        "fieller_limits": economics.fieller_limits(2, 1, sd_numerator=0.1, sd_denominator=0.1),
        "unbounded": economics.fieller_limits(2, 1, sd_numerator=0.1, sd_denominator=5),
    }

    for name, result in results.items():
        assert isinstance(result, Result), name
        assert len(repr(result).splitlines()) < MOST_LINES, name
        assert "array(" not in repr(result), name
        assert "<table>" in result._repr_html_(), name
    assert results["mvpf"].headline.startswith("Marginal value of public funds: ")
    assert results["mvpf_without_ratio"].headline.endswith("no ratio, it pays for itself")
    assert results["unbounded"].headline.endswith("cannot be told from zero")


def test_a_price_book_is_its_prices(rich_book):
    assert rich_book.table["price"].to_list() == list(rich_book.records)
    assert rich_book.headline == ("Price book small: SEK of 2020, 14 prices and rates, 13 postings")


def test_value_through_time_has_a_line_for_each_perspective(values):
    sketch = values.plot()

    assert {row["curve"] for row in _drawn(sketch) if "curve" in row} == set(
        values.curve["perspective"]
    )
    assert NOT_FOR_RELEASE in sketch.svg


def test_a_ledger_is_drawn_by_actor_from_its_draws_and_from_its_sums(many_draws, rich_book):
    ledger = value_effects(many_draws, rich_book, seed=5)
    by_actor = economics.value_by_actor(ledger)
    totals = by_actor.filter(posting="all")

    of_draws, of_sums = (
        {row["row"]: row["estimate"] for row in _drawn(economics.plot(table)) if "row" in row}
        for table in (ledger, by_actor)
    )

    assert of_sums == dict(totals.select("actor", "estimate").iter_rows())
    assert of_draws == {actor: pytest.approx(of_sums[actor]) for actor in of_sums}


def test_what_moves_a_value_is_drawn_the_widest_first(values):
    of_society = values.tornado.filter(perspective="society")

    rows = [row["row"] for row in _drawn(economics.plot(of_society)) if "swing" in row]

    assert rows[0] == of_society.sort("swing")["parameter"][-1]


@pytest.mark.parametrize("name", ["payers", "purse", "acceptability", "information", "parts"])
def test_tables_of_value_have_a_picture(values, name):
    table = values.tables[name]
    table = table.filter(part="total") if name == "parts" else table

    assert NOT_FOR_RELEASE in economics.plot(table).svg
