"""What counted tables tell beside their numbers: a share stands beside its whole, and no column and
no answer is what two others leave.
"""

from itertools import combinations, permutations
from pathlib import Path

import polars as pl
import pytest

from evalkit.line.columns import is_counted
from evalkit.line.published.counts import COUNTS
from evalkit.line.published.description import DESCRIPTION
from evalkit.params import RunFile
from evalkit.records import load
from evalkit.spells import build_spells, exit_counts, people_counts, spell_counts
from evalkit.tables import CITY

RUN_FILE = Path(__file__).parents[2] / "params" / "northern_ireland.yaml"
DECLARED = {table.name: table for table in (*DESCRIPTION, *COUNTS) if table.guard.rule == "counts"}
WITH_SHARES = [name for name, table in DECLARED.items() if table.guard.shares]
# Keys whose values are answers, with a row of all of them.
ANSWERS = ("answer", "n_returns", "ended_by", "plan")


@pytest.fixture(scope="module")
def counted(northern_ireland):
    params = load(RUN_FILE, RunFile)
    built = build_spells(northern_ireland, params)
    return {
        **spell_counts(northern_ireland, built, params),
        "exits": exit_counts(built["support_spells"]),
        "people": people_counts(northern_ireland["person"], built["support_spells"]),
    }


@pytest.mark.parametrize("name", DECLARED)
def test_every_share_is_computed_from_counts_or_is_a_mean_with_a_step(name):
    guard = DECLARED[name].guard
    protected = {share for share, _, _ in guard.shares} | dict(guard.spans).keys()

    assert {one for one in DECLARED[name].values if one.startswith("share")} <= protected


@pytest.mark.parametrize("name", WITH_SHARES)
def test_the_whole_of_a_share_is_published_in_its_row_or_in_that_of_all(name):
    declared = DECLARED[name]
    has_row_of_all = bool({*ANSWERS} & {*declared.keys})

    assert all(
        whole in declared.values or (has_row_of_all and part in declared.values)
        for _, part, whole in declared.guard.shares
    )


def test_the_row_of_all_holds_the_whole(counted):
    for name in {*WITH_SHARES} & {*counted}:
        answer = next((key for key in ANSWERS if key in DECLARED[name].keys), None)
        if answer is not None:
            of_all = counted[name].filter(pl.col(answer) == CITY)
            ((_, part, whole),) = DECLARED[name].guard.shares
            assert of_all[part].to_list() == of_all[whole].to_list()


def test_no_published_column_is_the_sum_or_the_difference_of_two_others(counted):
    for name, table in counted.items():
        columns = [one for one in DECLARED[name].values if is_counted(one, table.schema[one])]
        for whole, *parts in permutations(columns, 3):
            is_sum = (table[parts[0]] + table[parts[1]] == table[whole]).all()
            assert table.is_empty() or not is_sum, (name, whole, parts)


def test_no_answer_is_what_another_leaves_of_all(counted):
    for name, table in counted.items():
        answer = next((key for key in ANSWERS if key in DECLARED[name].keys), None)
        if answer is None:
            continue
        keys = [key for key in DECLARED[name].keys if key != answer]
        part = next(one for one in DECLARED[name].values if one.startswith("n_"))
        for group in table.partition_by(keys):
            numbers = dict(group.select(answer, part).iter_rows())
            n_all = numbers.pop(CITY)
            assert len(numbers) != 2 or not any(
                one + other == n_all and min(one, other) > 0
                for one, other in combinations(numbers.values(), 2)
            ), (name, keys)
