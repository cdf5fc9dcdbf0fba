"""A chart is declared once: the register knows it, and a frame places its layers."""

import pkgutil
from pathlib import Path

import polars as pl
import pytest

from evalkit import charts
from evalkit.charts import families
from evalkit.charts.look.frame import Frame, colours, label, largest, smallest
from evalkit.charts.register import CHARTS, chart, pooled_note, shown_rows
from evalkit.line.looks import Look
from evalkit.line.published import PUBLISHED

FRAME = Frame(200, 100, (0, 10), (0, 1))


@pytest.fixture
def declared():
    """A chart that is declared for a test alone."""

    @chart(of="balance", figure="small", needs=pl.col("smd_after") > 0, one_of=("district",))
    def small_balance(table, words, /, *, note=""):
        """Draws nothing."""
        return FRAME.holds(FRAME.layer(shown_rows(table), "point", x="smd_after"))

    yield small_balance
    del CHARTS["small_balance"]


def test_every_module_of_a_family_is_imported_with_the_room():
    imported = Path(charts.__file__).read_text(encoding="utf-8")

    missing = [
        module.name
        for module in pkgutil.iter_modules(families.__path__)
        if f"families.{module.name} import" not in imported
    ]

    assert missing == [], "evalkit/charts/__init__.py"


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_tells_series_apart_by_columns_that_its_table_has(name):
    declared = CHARTS[name]

    assert set(declared.needs.meta.root_names()) <= set(PUBLISHED[declared.of].columns)
    # Weights are the city's: their tables have no estimand.
    assert set(declared.one_of) - {"estimand"} <= set(PUBLISHED[declared.of].columns)


def test_a_declared_chart_stands_in_the_register_under_its_functions_name(declared):
    registered = CHARTS["small_balance"]

    assert (registered.of, registered.figure, registered.page) == ("balance", "small", "notebook")
    assert registered.draw is declared


def test_a_declared_chart_is_documented_by_its_declaration(declared):
    lines = declared.__doc__.splitlines()

    assert lines[0] == "Draws nothing."
    text = " ".join(declared.__doc__.split())
    assert f"The table balance. {PUBLISHED['balance'].row} Columns: district, " in text
    assert lines[-1] == "    If the table holds several values of one of these: district."


def test_a_declared_chart_is_drawable_by_the_rows_that_it_needs(declared, made_tables):
    table = made_tables["balance"]

    assert CHARTS["small_balance"].is_drawable(table)
    assert not CHARTS["small_balance"].is_drawable(table.where(covariate="grammar"))


def test_a_layer_begins_at_columns_on_the_scale_or_at_pixels():
    layer = FRAME.layer([{"a": 1}], "rule", x="a", x2=200, y=5.0).to_dict()["encoding"]

    assert layer["x"]["field"] == "a" and layer["x"]["scale"]["domain"] == [0, 10]
    assert layer["x2"] == {"value": 200} and layer["y"] == {"value": 5.0}


def test_what_differs_by_row_is_encoded_and_the_rest_is_the_marks_own_look():
    looks = {"work": Look("#111111"), "studies": Look("#222222")}

    layer = FRAME.layer(
        [{"a": 1, "name": "work"}], "text", x="a", color=colours("name", looks), text=label("name")
    ).to_dict()
    plain = FRAME.layer([{"a": 1}], "point", x="a", color="#333333", size=9).to_dict()

    assert layer["encoding"]["color"]["scale"]["range"] == ["#111111", "#222222"]
    assert layer["encoding"]["text"]["field"] == "name"
    assert plain["mark"] == {"type": "point", "color": "#333333", "size": 9}


def test_a_layer_is_an_altair_chart_that_can_be_taken_further():
    layer = FRAME.layer([{"a": 1, "b": 2}], "point", x="a", color="#333333")

    further = layer.encode(size="b:Q").mark_square().properties(title="b by a").to_dict()

    assert further["encoding"]["x"]["scale"]["domain"] == [0, 10]
    assert further["encoding"]["size"] == {"field": "b", "type": "quantitative"}
    assert (further["mark"]["type"], further["title"]) == ("square", "b by a")


def test_largest_and_smallest_leave_out_what_is_missing():
    rows = pl.DataFrame({"low": [None, -0.2], "high": [0.4, None]})

    assert (largest(rows, "low", "high"), smallest(rows, "low", "high")) == (0.4, -0.2)
    assert (largest(rows, "low", at_least=0), smallest(rows, "high", at_most=0)) == (0, 0)


def test_only_what_is_of_all_districts_is_said_to_be(made_tables, english):
    city = made_tables["balance"].data

    assert pooled_note(city, english) == "All districts together"
    assert pooled_note(city.with_columns(district=pl.lit("Belfast")), english) == ""
