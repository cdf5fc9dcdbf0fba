"""What the examples of the reference compute shows itself: short, as a table, without arrays."""

import polars as pl
import pytest
from pages.examples import results_of

from evalkit.results import Result

MOST_LINES = 40


@pytest.mark.slow
@pytest.mark.parametrize("room", ["survival", "effects", "economics", "allocation"])
def test_results_of_a_room_are_a_line_and_a_small_table(room):
    results = {name: value for name, value in results_of(room).items() if isinstance(value, Result)}

    assert results
    for name, result in results.items():
        assert len(repr(result).splitlines()) < MOST_LINES, name
        assert "array(" not in repr(result), name
        assert "<table>" in result._repr_html_(), name
        assert isinstance(result.table, pl.DataFrame), name
