"""The rooms' doors: what others hand over, and calls as others write them."""

import inspect

import numpy as np
import pandas as pd
import polars as pl
import pytest

from evalkit import effects, survival
from evalkit.errors import EstimationError, EvalkitError
from evalkit.frames import Frame

# What a call needs beside its tables: names of columns that a table of one column does not have.
NEEDED = {
    "time": "months",
    "event": "ended",
    "group": "region",
    "reference": "north",
    "covariates": ["age"],
    "cause": "work",
    "horizon": 3,
    "horizons": (3,),
    "horizon_months": 3,
    "from_month": 3,
    "half_life_months": 12.0,
    "shares": (0.5,),
    "months": (1, 3),
    "periods": {},
    "id": "who",
    "start": "from",
    "stop": "to",
    "from_state": "was",
    "to_state": "is",
    "by": ["region"],
    "rng": np.random.default_rng(1),
    "month": "month",
    "state": "state",
    "intervention": "course",
    "protocol": effects.Protocol("course", follow_up_months=3),
    "treatment": "treated",
    "outcome": "worked",
}


def _of_tables(room) -> dict[str, inspect.Signature]:
    """A room's functions of columns that are named, by a table of any kind or of the line."""
    functions = {name: getattr(room, name) for name in room.__all__}
    signatures = {
        name: inspect.signature(function)
        for name, function in functions.items()
        if inspect.isfunction(function)
    }
    return {
        name: signature
        for name, signature in signatures.items()
        if next(iter(signature.parameters.values())).annotation in (Frame, pl.DataFrame)
    }


SURVIVAL = _of_tables(survival)
ASKED = [(survival, name) for name in SURVIVAL if name != "plot"] + [
    (effects, name)
    for name, signature in _of_tables(effects).items()
    if next(iter(signature.parameters.values())).annotation == Frame
]


def _call(room, name: str, table) -> None:
    function = getattr(room, name)
    parameters = inspect.signature(function).parameters.values()
    tables = [one.name for one in parameters if one.annotation in (Frame, pl.DataFrame)]
    named = {
        one.name: NEEDED[one.name]
        for one in parameters
        if one.default is one.empty and one.name not in tables
    }
    function(*[table] * len(tables), **named)


def _in_four_lines(fault: EvalkitError) -> bool:
    lines = str(fault).splitlines()[1:]
    return [line.split(":")[0].strip() for line in lines] == ["where", "why", "fix"]


def test_the_doors_are_counted():
    assert len(SURVIVAL) > 25
    assert {"emulate_trials", "propensity_weights"} <= {name for _, name in ASKED}


@pytest.mark.parametrize(("room", "name"), ASKED, ids=[name for _, name in ASKED])
@pytest.mark.parametrize("kind", ["arrays", "no such columns"])
def test_what_is_no_table_or_lacks_a_column_is_refused_in_four_lines(room, name, kind):
    table = np.zeros((3, 2)) if kind == "arrays" else pl.DataFrame({"x": [1, 2, 3]})

    with pytest.raises(EvalkitError) as caught:
        _call(room, name, table)

    assert _in_four_lines(caught.value)
    assert ("not a table" in caught.value.what) == (kind == "arrays")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda t: survival.kaplan_meier(t["months"], t["ended"]),
            r'1 more without a name.*missing: time, event.*spells, time="...", event="..."',
        ),
        (
            lambda t: survival.kaplan_meier(t, time="months", events="ended"),
            r'unknown: "events" \(did you mean "event"\?\); missing: event',
        ),
        (
            lambda t: survival.cox(t, "months", "ended", covariates=["age"]),
            "2 more without a name.*missing: time, event",
        ),
        (
            lambda t: survival.kaplan_meier(t, time="month", event="ended"),
            'columns month.*did you mean "months"',
        ),
    ],
)
def test_a_call_as_others_write_it_is_refused_in_four_lines(call, words):
    table = pd.DataFrame({"months": [1, 2, 3], "ended": [1, 0, 1], "age": [20, 30, 41]})

    with pytest.raises(EstimationError, match=f"(?s){words}") as caught:
        call(table)

    assert _in_four_lines(caught.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: effects.estimate(pl.DataFrame()), "trials: got polars.*It is Trials of evalkit"),
        (
            lambda: survival.kaplan_meier(
                pd.DataFrame([[1, 1]], columns=["a", "a"]), time="a", event="a"
            ),
            "cannot be taken over.*unique column names",
        ),
        (
            lambda: survival.kaplan_meier(
                pd.DataFrame({"a": [1, "ten"], "b": [0, 1]}), time="a", event="b"
            ),
            "cannot be taken over.*values of several types",
        ),
    ],
)
def test_what_is_of_another_kind_is_refused_in_four_lines(call, words):
    with pytest.raises(EstimationError, match=f"(?s){words}") as caught:
        call()

    assert _in_four_lines(caught.value) and "ten" not in str(caught.value).split()


def test_a_function_of_the_line_takes_a_table_of_another_library():
    spells = pl.DataFrame(
        {
            "district": ["A"] * 6,
            "months": [1, 2, 3, 4, 5, 6],
            "entry": [0] * 6,
            "exit": ["work", None, "studies", "work", None, "work"],
            "is_start_known": [True] * 6,
            "weight": [1.0] * 6,
            "cluster_id": list("abcdef"),
            "person_id": list("abcdef"),
        }
    )

    assert survival.median_months(spells.to_pandas(), by=["district"]).equals(
        survival.median_months(spells, by=["district"])
    )


def test_signatures_and_words_stay_visible():
    signature = inspect.signature(survival.kaplan_meier)

    assert list(signature.parameters)[:3] == ["spells", "time", "event"]
    assert survival.kaplan_meier.__doc__.startswith("Share of spells still running")
