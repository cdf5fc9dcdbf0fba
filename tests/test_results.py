"""What results show of themselves, in every room: a line, a table, and neither arrays nor pages."""

import importlib
import inspect
from dataclasses import dataclass, is_dataclass
from typing import get_args

import polars as pl
import pytest

from evalkit import images, pictures
from evalkit.errors import EstimationError
from evalkit.records import Record
from evalkit.results import Figures, Result, Tables

ROOMS = ("survival", "effects", "economics", "allocation")
MOST_LINES = 40
# What is handed in, of a few plain values: its own repr is short.
PLAIN = {"Adoption", "DeliveredColumn", "Known", "Limits", "LeverState", "Protocol", "Sketch"}


@dataclass(frozen=True, repr=False, eq=False)
class _Two(Tables):
    first: pl.DataFrame
    second: pl.DataFrame


@dataclass(frozen=True, repr=False)
class _One(Figures):
    ratio: float

    @property
    def headline(self):
        return f"A ratio: {self.ratio}"


def _long(n_rows=1_000):
    return pl.DataFrame({"month": range(n_rows), "estimate": [0.123456] * n_rows})


@pytest.mark.parametrize("room", ROOMS)
def test_every_record_of_a_room_shows_itself(room):
    """Classes that a room offers, and those that its functions return."""
    module = importlib.import_module(f"evalkit.{room}")
    kinds = set()
    for name in module.__all__:
        entry = getattr(module, name)
        kind = entry if inspect.isclass(entry) else inspect.signature(entry).return_annotation
        kinds |= {part for part in (kind, *get_args(kind)) if inspect.isclass(part)}
    own = {kind for kind in kinds if kind.__module__.startswith("evalkit.")}

    assert own
    assert {
        kind.__name__
        for kind in own
        if not issubclass(kind, Result | Record) and kind.__name__ not in PLAIN
    } == set()


def test_a_result_s_own_repr_is_not_replaced_by_that_of_its_dataclass():
    for room in ROOMS:
        importlib.import_module(f"evalkit.{room}")
    kinds, ours = [Result], []
    while kinds:
        kinds += (below := kinds.pop().__subclasses__())
        ours += [kind for kind in below if is_dataclass(kind)]

    assert ours
    assert [kind.__name__ for kind in ours if kind.__repr__ is not Result.__repr__] == []


def test_tables_tell_their_names_and_show_the_first():
    result = _Two(_long(), _long(3))

    assert result.headline == "_Two: first (1,000 rows), second (3 rows). The first of them:"
    assert list(result.tables) == ["first", "second"] == list(result.names())
    assert [table.height for table in result] == [1_000, 3]
    assert len(repr(result).splitlines()) < MOST_LINES
    assert "30 of 1,000 rows." in result._repr_html_()


def test_figures_are_one_row():
    assert _One(0.5).table.to_dicts() == [{"ratio": 0.5}]
    assert repr(_One(0.5)).startswith("A ratio: 0.5\n")


def test_a_result_without_a_picture_says_so():
    with pytest.raises(EstimationError, match=r"This result has no picture\.\n  where: _One"):
        _One(0.5).plot()


def test_a_table_that_no_room_draws_is_refused_with_what_is_drawn():
    importlib.import_module("evalkit.survival")

    with pytest.raises(EstimationError) as refused:
        pictures.plot(pl.DataFrame({"a": [1]}))

    what, where, why, fix = str(refused.value).splitlines()
    assert what == "This table has no picture."
    assert where == "  where: columns found: a"
    assert "time, estimate" in why
    assert fix.startswith("  fix:   hand over a result of")


def test_rows_of_several_measures_are_not_put_on_one_axis():
    table = pl.DataFrame({"measure": ["months", "share"], "estimate": [6.0, 0.5]})

    with pytest.raises(EstimationError, match=r"table.filter\(measure='months'\)"):
        pictures.refuse_mixed(table, "measure")


def test_a_live_sketch_is_the_image_where_nothing_answers_to_the_mouse():
    survival = importlib.import_module("evalkit.survival")
    sketch = survival.plot(_long(5))

    bundle = sketch.live._repr_mimebundle_()
    assert bundle["image/png"].startswith(b"\x89PNG") and "text/html" not in bundle
    assert "http" not in str(bundle[images._LIVE])
    assert any("params" in layer for layer in bundle[images._LIVE]["layer"]) or (
        "params" in bundle[images._LIVE]
    )


def test_a_misspelt_label_is_refused_with_the_nearest():
    survival = importlib.import_module("evalkit.survival")

    with pytest.raises(EstimationError) as refused:
        survival.plot(_long(5), titel="Still there")

    what, where, _, fix = str(refused.value).splitlines()
    assert what == "This picture cannot be labelled with titel."
    assert where == '  where: plot(titel=...): did you mean "title"?'
    assert "x_title" in fix
