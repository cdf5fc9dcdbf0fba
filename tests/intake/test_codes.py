"""Columns as numbers: order, equality and membership are those of the values themselves, whatever
way the codes were found.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.intake.reading import codes
from evalkit.intake.reading.codes import (
    Coded,
    code_column,
    code_texts,
    is_among,
    pack,
    pack_both,
    places_among,
    stacked,
)

TEXTS = st.lists(st.sampled_from([None, "", "a", "B", "å", "P-10", "P-9"]), max_size=30)
DATES = st.lists(
    st.one_of(st.none(), st.integers(0, 40).map(lambda days: date(1969, 12, 20) + timedelta(days))),
    max_size=30,
)


def _column(cells, dtype):
    return pl.Series("cells", cells, dtype=dtype)


def _alike(texts):
    return np.full(len(texts), 7, dtype=np.uint64)


def _decoded(coded):
    values = coded.values.to_list()
    return [None if code < 0 else values[code] for code in coded.codes]


@settings(max_examples=20)
@given(texts=TEXTS)
@pytest.mark.parametrize("sample", [0, 10_000], ids=["runs", "runs where they are long"])
@pytest.mark.parametrize(
    ("few_descents", "hashes"),
    [(0, codes._hashes), (1 << 20, codes._hashes), (1 << 20, _alike)],
    ids=["nearly sorted", "hashed", "all hashes the same"],
)
@pytest.mark.parametrize(
    "few_values", [0, 3, 12], ids=["many values", "too many in the end", "few values"]
)
def test_code_column_keeps_texts_and_their_order(few_values, few_descents, hashes, sample, texts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "_SAMPLE", sample)
        patch.setattr(codes, "_FEW_VALUES", few_values)
        patch.setattr(codes, "_FEW_DESCENTS", few_descents)
        patch.setattr(codes, "_hashes", hashes)
        coded = code_column(_column(texts, pl.String))

    assert _decoded(coded) == coded.cells.to_list() == texts
    assert coded.values.to_list() == sorted(
        {text for text in texts if text is not None}, key=str.encode
    )
    assert coded.has_empty == (None in texts)


@settings(max_examples=20)
@given(texts=TEXTS)
def test_code_texts_follows_values_that_become_equal_or_empty(texts):
    coded = code_texts(_column(texts, pl.String))

    changed = coded.with_values(coded.values.replace({"a": "B", "": None}))

    assert _decoded(changed) == [{"a": "B", "": None}.get(text, text) for text in texts]
    assert changed.values.n_unique() == len(changed.values) and not changed.values.null_count()


@settings(max_examples=20)
@given(first=TEXTS, second=TEXTS)
def test_stacked_columns_are_those_of_the_files_together(first, second):
    column = stacked([code_texts(_column(texts, pl.String)) for texts in (first, second)])

    assert _decoded(column) == first + second
    assert column.has_empty == (None in first + second)


@settings(max_examples=20)
@given(dates=DATES)
@pytest.mark.parametrize(
    "sample", [2, 10_000], ids=["a sample that is taken for the whole", "sample of all"]
)
@pytest.mark.parametrize("max_flags", [0, 1 << 24], ids=["searched", "by a table"])
def test_code_column_keeps_dates_and_their_order(max_flags, sample, dates):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "_SAMPLE", sample)
        patch.setattr(codes, "_TIMES_SEEN", 0 if sample == 2 else codes._TIMES_SEEN)
        patch.setattr(codes, "_MAX_FLAGS", max_flags)
        patch.setattr(codes, "_MAX_FLAGS_EACH", 16 if max_flags else 0)
        coded = code_column(_column(dates, pl.Date))

    assert _decoded(coded) == dates
    assert coded.values.to_list() == sorted({day for day in dates if day is not None})


def test_code_column_finds_a_date_that_no_sample_holds():
    dates = [date(2024, 1, 1)] * 100_000
    dates[12_345] = date(2024, 3, 1)

    coded = code_column(_column(dates, pl.Date))

    assert coded.values.to_list() == [date(2024, 1, 1), date(2024, 3, 1)]
    assert coded.codes.nonzero()[0].tolist() == [12_345]


@settings(max_examples=20)
@given(texts=TEXTS, meant=st.sets(st.sampled_from([None, "a", "B", "P-9"])))
@pytest.mark.parametrize("sample", [0, 10_000], ids=["runs", "runs where they are long"])
def test_rows_where_counts_out_the_rows_of_the_values_that_are_meant(sample, texts, meant):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "_SAMPLE", sample)
        coded = code_texts(_column(texts, pl.String))
    is_meant = np.array([value in meant for value in [*coded.values.to_list(), None]])

    assert coded.rows_where(is_meant).tolist() == [
        row for row, text in enumerate(texts) if text in meant
    ]


@settings(max_examples=20)
@given(texts=TEXTS, others=TEXTS)
def test_places_among_finds_each_value_among_the_others(texts, others):
    own, other = code_column(_column(texts, pl.String)), code_column(_column(others, pl.String))

    places = places_among(own, other)[own.codes]

    values = other.values.to_list()
    assert [None if place < 0 else values[place] for place in places] == [
        text if text in values else None for text in texts
    ]


@settings(max_examples=20)
@given(
    rows=st.lists(
        st.tuples(st.integers(-1, 3), st.integers(-1, 4), st.integers(-1, 2)),
        min_size=1,
        max_size=30,
    )
)
@pytest.mark.parametrize("largest", [8, 1 << 62], ids=["counted anew", "multiplied"])
def test_pack_sorts_as_the_codes_do(largest, rows):
    numbers = [np.array(column, dtype=np.int32) for column in zip(*rows, strict=True)]
    columns = [
        Coded(pl.Series(range(size)), column, has_empty=True)
        for column, size in zip(numbers, [4, 5, 3], strict=True)
    ]
    # The first column by runs, as where equal cells stand together.
    columns[0] = Coded(columns[0].values, numbers[0], True, np.ones(len(rows), dtype=np.uint32))
    first, others = np.array([0]), np.arange(1, len(rows))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "_LARGEST", largest)
        packed = pack(columns)
        left, right = pack_both(
            [column.at(first) for column in columns], [column.at(others) for column in columns]
        )

    assert [(a < b, a == b) for a in packed for b in packed] == [
        (a < b, a == b) for a in rows for b in rows
    ]
    assert [left[0] == other for other in right] == [rows[0] == other for other in rows[1:]]


@settings(max_examples=20)
@given(
    numbers=st.lists(st.integers(0, 50), max_size=20),
    known=st.lists(st.integers(0, 50), max_size=20),
)
@pytest.mark.parametrize("few_numbers", [0, 5], ids=["many numbers", "few numbers"])
@pytest.mark.parametrize("max_flags", [0, 1 << 24], ids=["looked up", "by a table"])
def test_is_among_equals_a_set(max_flags, few_numbers, numbers, known):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "_FEW_NUMBERS", few_numbers)
        patch.setattr(codes, "_MAX_FLAGS", max_flags)
        patch.setattr(codes, "_MAX_FLAGS_EACH", 16 if max_flags else 0)
        found = is_among(np.array(numbers, dtype=np.int64), np.array(known, dtype=np.int64))

    assert found.tolist() == [number in set(known) for number in numbers]
