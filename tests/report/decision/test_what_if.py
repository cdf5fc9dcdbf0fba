"""The what-if of a decision page: what its script is given, how far levers go, and the table of
cases that stands without it.
"""

import base64
import html
import json
import re

import numpy as np
import polars as pl
import pytest

from evalkit.report.decision.lever_block import OF_DRAW, STREAMS, lever_block
from evalkit.report.decision.lever_data import _years
from evalkit.report.decision.what_if import what_if

SUMS = (50_000.0, 10_000.0, 90_000.0, 0.97)
TRAINING = {
    "id": "work_training",
    "cost": 40_000.0,
    "starts": 30.0,
    **{name: SUMS for name in ("society", "purse", "district")},
}
EFFECT = {
    "district": "Norr",
    "intervention_id": "work_training",
    "estimand": "start_now_rather_than_wait",
}


def lever_rows(n_draws=5, followed=24, *, half_life=36.0):
    """Rows of value_levers: the estimate by month, the draws by year, and a projected month."""
    rng = np.random.default_rng(2)
    projected = [followed + 1] if half_life else []
    months = [*range(followed + 1), *projected]
    periods = [(0, month) for month in months]
    periods += [
        (draw, month)
        for draw in range(1, n_draws + 1)
        for month in (*range(12, followed + 1, 12), *projected)
    ]
    constants = dict.fromkeys(OF_DRAW, 0.5) | {"discount_rate": 0.035, "half_life": half_life}
    return [
        EFFECT
        | {"draw": draw, "month": month, "currency": "SEK", "months_between_persons": 8.0}
        | {"n_starters": 150}
        | {name: round(float(rng.normal(0, 900)), -1) for name in STREAMS[:4]}
        | {"displaceable_months": round(float(rng.normal(0.1, 1)), 3)}
        | constants
        | {"displaced_share": round(0.2 + 0.01 * draw, 2)}
        for draw, month in periods
    ]


@pytest.fixture
def part_of(run_of_two, brief_with, offered_tables, published):
    def build(*records, levers=(), language="en"):
        tables = [*offered_tables(*records), published("value_levers", list(levers))]
        return what_if(brief_with(run_of_two, *tables, district="Norr", language=language))

    return build


def data_of(part):
    return json.loads(html.unescape(re.search(r"data-levers='([^']*)'", part.body)[1]))


def unpacked(block):
    """The columns of a block, as the page's script reads them."""
    bits, at, columns = np.unpackbits(np.frombuffer(base64.b64decode(block["block"]), "u1")), 0, []
    for step, lowest, n_bits, count in block["columns"]:
        if n_bits < 0:
            columns.append(columns[step])
            continue
        if not n_bits:
            columns.append(np.full(count, step))
            continue
        numbers = bits[at : at + n_bits * count].reshape(count, n_bits)
        at += n_bits * count
        columns.append((lowest + numbers @ (1 << np.arange(n_bits - 1, -1, -1))) * step)
    return columns


def test_a_page_without_a_value_has_no_what_if(part_of):
    assert part_of({"id": "work_training"}) is None


def test_withheld_draws_leave_the_table_of_cases(part_of):
    withheld = [row | {"withheld": True} for row in lever_rows()]

    part = part_of(TRAINING, levers=withheld)

    assert "data-levers" not in part.body and "<select" not in part.body
    assert "too few people for other assumptions" in part.body
    assert 'data-table="value_parts"' in part.body and "As on the page" in part.body


@pytest.mark.parametrize("half_life", [36.0, None])
def test_a_block_holds_the_table_to_the_last_digit(half_life):
    rows = pl.DataFrame(lever_rows(half_life=half_life)).sort("draw", "month")
    draws = rows.filter(pl.col("draw") > 0)
    names = [name for name in OF_DRAW if half_life or name != "half_life"]

    block = lever_block(rows)

    periods = [rows.filter(draw=0), *(draws.filter(month=end) for end in block["ends"])]
    expected = [period[name] for period in periods for name in STREAMS]
    expected += [draws.filter(month=12)[name] for name in names]
    assert block["ends"] == ([12, 24, 25] if half_life else [12, 24])
    assert block["once"] == [rows[name][0] for name in names]
    for column, values in zip(unpacked(block), expected, strict=True):
        assert column == pytest.approx(values.to_numpy(), abs=1e-9)


def test_the_script_is_given_the_page_s_own_state_and_values(part_of):
    told = data_of(part_of(TRAINING, levers=lever_rows()))["levers"][0]

    assert told["state"] == {
        "price": 40_000.0,
        "displaced_share": 0.2,
        "horizon_months": 60,
        "discount_rate": 0.035,
        "half_life": 36.0,
        "n_starts": 30.0,
    }
    assert told["published"][2][1] == list(SUMS)
    assert told["limits"]["price"] == [0, 200_000, 2_000]
    assert told["limits"]["half_life"] == [6, 120, 1]


def test_levers_whose_value_is_not_known_are_left_out(part_of):
    unknown = TRAINING | {"cost": None, "starts": None}

    limits = data_of(part_of(unknown, levers=lever_rows(half_life=None)))["levers"][0]["limits"]

    assert [name for name, ends in limits.items() if ends is None] == [
        "price",
        "half_life",
        "starts",
    ]


@pytest.mark.parametrize(
    ("horizon", "followed", "is_projected", "limits"),
    [
        (60, 36, True, (1, 10, 1)),
        (24, 24, False, (1, 2, 1)),
        (12, 12, False, None),
        (30, 30, False, None),
        (66, 30, True, (2.5, 9.5, 1)),
        (180, 36, True, (1, 15, 1)),
    ],
)
def test_years_go_in_whole_years_from_the_page_s_horizon(horizon, followed, is_projected, limits):
    assert _years(horizon, followed, is_projected=is_projected) == limits


@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_language_has_levers_and_cases(part_of, plain, language):
    part = part_of(TRAINING, levers=lever_rows(), language=language)

    assert part.heading and plain(part).count("{") == 0
    assert part.body.count("data-lever=") == 6
