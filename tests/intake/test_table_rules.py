"""Overlaps of periods, against a slow comparison of all pairs."""

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.intake.checking.table_rules import ROW, find_overlaps
from evalkit.intake.contracts.contract import CustomRule
from evalkit.intake.reading.delivered import FILE, LINE

NO_OVERLAP = CustomRule(
    "no_overlap",
    "No period overlaps.",
    "no_overlap",
    {"by": ["person_id"], "start": "start", "end": "end"},
)
NEVER = 99
STARTS = st.tuples(st.sampled_from(["P-1", "P-2", "P-3"]), st.integers(1, 6))
PERIODS = st.dictionaries(STARTS, st.one_of(st.none(), st.integers(1, 5)), max_size=12)


@settings(max_examples=100)
@given(lengths=PERIODS)
def test_find_overlaps_equals_a_slow_comparison_of_all_pairs(lengths):
    periods = [
        (person, start, NEVER if length is None else start + length)
        for (person, start), length in lengths.items()
    ]
    month = {k: date(2026, k, 1) for k in range(1, 13)}
    rows = pl.DataFrame(
        [
            (line, "a.csv", line, person, month[start], month.get(end))
            for line, (person, start, end) in enumerate(periods)
        ],
        schema={
            ROW: pl.Int64,
            FILE: pl.String,
            LINE: pl.Int64,
            "person_id": pl.String,
            "start": pl.Date,
            "end": pl.Date,
        },
        orient="row",
    )

    found = find_overlaps(rows, NO_OVERLAP)["line"].to_list()

    slow = [
        line
        for line, (person, start, _) in enumerate(periods)
        if any(other == person and earlier < start < until for other, earlier, until in periods)
    ]
    assert sorted(found) == slow
