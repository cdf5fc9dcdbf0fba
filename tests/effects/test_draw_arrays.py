import numpy as np
import polars as pl

from evalkit.draws import from_cube, parted, stacked, to_cube, with_words
from evalkit.tables import in_order

KEYS = [
    "district",
    "intervention_id",
    "protocol_hash",
    "estimand",
    "subgroup",
    "source",
    "draw",
    "arm",
    "state",
    "month",
]


def _draws(
    district: str, estimand: str, states: tuple[str, ...] = ("support", "work")
) -> pl.DataFrame:
    axes = {
        "draw": pl.Series([0, 2, 3], dtype=pl.Int32),
        "arm": pl.Series(["comparison", "treated"]),
        "state": pl.Series(states),
        "month": pl.Series([0, 1], dtype=pl.Int32),
    }
    constants = {
        "district": district,
        "intervention_id": "b",
        "protocol_hash": "h",
        "estimand": estimand,
        "subgroup": "all",
        "source": "raw",
    }
    return from_cube(
        axes,
        {"probability": np.arange(12.0 * len(states)).reshape(3, 2, len(states), 2)},
        constants,
    )


def test_a_cube_is_the_same_whatever_the_order_of_rows_and_the_type_of_words():
    table = _draws("North", "wait")

    cubes = [
        to_cube(one, ["draw", "arm", "state", "month"], "probability")
        for one in (table, table.reverse(), with_words(table))
    ]

    assert [cube.values.tolist() for cube in cubes] == [
        np.arange(24.0).reshape(3, 2, 2, 2).tolist()
    ] * 3
    assert all(cube.is_there.all() for cube in cubes)


def test_a_cube_says_where_a_table_has_no_row():
    rows = _draws("North", "wait").filter(month=1, arm="treated").slice(0, 5)

    cube = to_cube(rows, ["draw", "state"], "probability")

    assert cube.is_there.tolist() == [[True, True], [True, True], [True, False]]
    assert cube.values[2, 1] == 0


def test_tables_of_draws_are_put_in_the_order_of_their_keys_without_being_sorted():
    parts = [
        _draws("South", "wait"),
        pl.concat([_draws("North", "wait"), _draws("North", "never", ("work",))]),
    ]

    whole = stacked(parts)

    assert whole.select(KEYS).rows() == sorted(
        row for part in parts for row in part.select(KEYS).rows()
    )
    assert in_order(whole, KEYS) is whole
    assert in_order(pl.concat(parts), KEYS).equals(whole)


def test_a_table_is_parted_whether_or_not_rows_of_the_same_keys_stand_together():
    together = pl.DataFrame({"a": ["x", "x", "y"], "b": [1, 1, 1], "value": [1.0, 2.0, 3.0]})

    for table in (
        together,
        together.with_columns(pl.col("a").cast(pl.Categorical)),
        together[[0, 2, 1]],
    ):
        found = parted(table, ["a", "b"])
        assert {keys: rows["value"].to_list() for keys, rows in found.items()} == {
            ("x", 1): [1.0, 2.0],
            ("y", 1): [3.0],
        }
    assert parted(together.clear(), ["a", "b"]) == {}
