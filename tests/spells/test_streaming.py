"""Spells in parts from files are the spells of the tables in memory, whatever the batches and the
ranges of people.
"""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.months import parse_month
from evalkit.simulate import live, load_city, person_tables
from evalkit.spells import Extent, build_support_spells, stream_support_spells

CITIES = Path(__file__).parents[2] / "params" / "cities"
NAMES = ("income_support", "household_member", "livelihood", "person")
YEAR = {"first_month": parse_month("2026-01"), "data_through": parse_month("2026-12")}
DECADE = Extent(
    first_month=parse_month("2012-01"),
    data_through=parse_month("2021-12"),
    max_gap_months=2,
    reporting_lag_months=1,
)


def scanned(tables, folder, *, seed=None):
    """The tables written in several shuffled Parquet files each and scanned from there."""
    for name in NAMES:
        table = (
            tables[name]
            if seed is None
            else tables[name].sample(fraction=1, shuffle=True, seed=seed)
        )
        for part in range(3):
            table.gather_every(3, part).write_parquet(folder / f"{name}_{part}.parquet")
    return [pl.scan_parquet(folder / f"{name}_*.parquet") for name in NAMES]


@pytest.mark.parametrize("chunk_persons", [137, 10_000])
def test_streamed_spells_of_a_city_are_those_made_in_memory(tmp_path, chunk_persons):
    city = load_city("stockholm", CITIES)
    tables = person_tables(city, live(city, seed=3, first=0, stop=500))
    weighted = tables | {"person": tables["person"].with_columns(weight=pl.lit(None, pl.Float64))}

    parts = list(
        stream_support_spells(
            *scanned(weighted, tmp_path, seed=5),
            chunk_persons=chunk_persons,
            extent=DECADE,
            participation=tables["participation"].lazy(),
        )
    )

    assert len(parts) == (1 if chunk_persons == 10_000 else -(-parts_of(tables) // chunk_persons))
    in_memory = build_support_spells(
        *[weighted[name] for name in NAMES], extent=DECADE, participation=tables["participation"]
    )
    assert pl.concat(parts).equals(in_memory)


def parts_of(tables) -> int:
    return tables["household_member"]["person_id"].n_unique()


@settings(max_examples=8)
@given(
    paid=st.dictionaries(
        st.sampled_from("ABCD"), st.lists(st.integers(1, 12), unique=True, min_size=1), min_size=1
    ),
    shared=st.lists(st.integers(1, 12), unique=True),
    gap=st.integers(0, 3),
    since=st.sampled_from([None, "2025-07", "2026-01"]),
    all_began=st.booleans(),
)
def test_streamed_spells_follow_people_from_household_to_household(
    paid_tables, month, tmp_path_factory, paid, shared, gap, since, all_began
):
    tables = paid_tables(paid)
    tables["income_support"] = tables["income_support"].with_columns(
        support_since=pl.lit(since and parse_month(since), pl.Date)
    )
    extent = Extent(**YEAR, max_gap_months=gap, everybody_began_at_first_month=all_began)
    # A also belongs to B's household now and then, as a co-applicant.
    beside = pl.DataFrame(
        {
            "household_id": "HB",
            "person_id": "A",
            "month": [month(k) for k in shared],
            "role": "co_applicant",
        }
    )
    schema = tables["household_member"].schema
    beside = beside.with_columns(
        [
            pl.lit(None, kind).alias(name)
            for name, kind in schema.items()
            if name not in beside.columns
        ]
    )
    tables["household_member"] = pl.concat(
        [tables["household_member"], beside.select(list(schema)).cast(dict(schema))]
    )
    in_memory = build_support_spells(*[tables[name] for name in NAMES], extent=extent)

    parts = stream_support_spells(
        *scanned(tables, tmp_path_factory.mktemp("parts")), chunk_persons=2, extent=extent
    )

    assert pl.concat(parts).equals(in_memory)
