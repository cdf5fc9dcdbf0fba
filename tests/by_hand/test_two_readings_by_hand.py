"""How two readings of one number become one range and one probability."""

import polars as pl
import pytest

from evalkit.draws import agreed_probability, spanned


@pytest.mark.parametrize(
    ("plain", "second", "agreed"),
    [
        (0.99, 0.90, 0.90),
        (0.60, 0.95, 0.60),
        (0.02, 0.30, 0.30),
        (0.99, 0.04, 0.50),
        (0.50, 0.97, 0.50),
        (0.97, None, 0.97),
    ],
)
def test_both_readings_are_as_sure_as_the_less_sure_one_and_unsure_where_they_differ(
    plain, second, agreed
):
    row = pl.DataFrame({"p": [plain], "q": [second]}, schema={"p": pl.Float64, "q": pl.Float64})
    assert row.select(agreed_probability("p", "q")).item() == agreed


def test_a_range_is_the_span_of_both_and_stays_where_there_is_one_reading():
    plain = pl.DataFrame(
        {
            "district": ["North", "South"],
            "estimate": [2.0, 1.0],
            "ci_lower": [1.0, -1.0],
            "ci_upper": [3.0, 3.0],
            "probability_positive": [0.99, 0.8],
        }
    )
    second = plain.head(1).with_columns(
        ci_lower=pl.lit(-0.5), ci_upper=pl.lit(2.5), probability_positive=pl.lit(0.7)
    )
    found = spanned(plain, second, keys=["district"])
    assert found.rows() == [("North", 2.0, -0.5, 3.0, 0.7), ("South", 1.0, -1.0, 3.0, 0.8)]
