"""Data of the published results, and a comparison that reports the largest deviation."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evalkit.months import month_number_expr

HERE = Path(__file__).parent
NORTHERN_IRELAND = HERE.parent / "data" / "northern_ireland"
SOURCE_STATES = {
    "work": "employment",
    "further_education": "FE",
    "higher_education": "HE",
    "school": "school",
    "support": "joblessness",
    "training": "training",
}
# A null of ours stands where the variance formulas give 0: R prints 0 or a rounding error there.
ZERO = 1e-14


@pytest.fixture(scope="session")
def reference() -> Callable[[str], dict]:
    """Results of one folder."""
    return lambda folder: json.loads((HERE / folder / "reference.json").read_text())


@pytest.fixture(scope="session")
def deviation() -> Callable[[object, object], float]:
    """Largest absolute difference of two sets of numbers; infinite where only one of them has a
    number other than 0.
    """

    def largest(ours: object, theirs: object) -> float:
        ours, theirs = (np.array(list(numbers), dtype=float) for numbers in (ours, theirs))
        only_one = np.isnan(ours) & (np.abs(np.nan_to_num(theirs)) > ZERO)
        if ours.shape != theirs.shape or only_one.any():
            return float("inf")
        return float(np.nanmax(np.abs(ours - theirs), initial=0.0))

    return largest


@pytest.fixture(scope="session")
def mgus2() -> pl.DataFrame:
    """1384 persons; months to plasma cell malignancy, death or censoring, also on the age scale."""
    persons = pl.read_csv(HERE / "mgus2.csv", infer_schema_length=None)
    names = {0: None, 1: "pcm", 2: "death"}
    return persons.with_columns(
        pl.col("death") == 1,
        cause=pl.col("event").replace_strict(names, return_dtype=pl.String),
        female=(pl.col("sex") == "F").cast(pl.Float64),
        age10=pl.col("age") / 10,
        agegrp=(pl.col("age") // 10).clip(5, 8),
    )


@pytest.fixture(scope="session")
def myeloid() -> pl.DataFrame:
    """Intervals of 646 patients in days; the state during a row is the one the row before
    moved to.
    """
    rows = pl.read_csv(HERE / "myeloid_intervals.csv").sort("id", "tstart")
    rows = rows.with_columns(
        event=pl.when(pl.col("event") != "none").then("event"), w=0.5 + (pl.col("id") % 5) / 4
    )
    return rows.with_columns(state=pl.col("event").shift(1).over("id").fill_null("(s0)"))


@pytest.fixture(scope="session")
def mvad_intervals() -> pl.DataFrame:
    """State intervals of the 712 persons, months 0 to 72 from July 1993, with weight and region."""
    first = 1993 * 12 + 6
    persons = pl.read_csv(NORTHERN_IRELAND / "person.csv").rename({"district": "region"})
    rows = pl.read_csv(NORTHERN_IRELAND / "livelihood.csv", try_parse_dates=True)
    rows = rows.select(
        "person_id",
        start=month_number_expr("start") - first,
        stop=(month_number_expr("end") - first).fill_null(72),
        state=pl.col("state").replace_strict(SOURCE_STATES),
    ).sort("person_id", "start")
    return rows.with_columns(
        next=pl.col("state").shift(-1).over("person_id"),
        id=pl.col("person_id").str.slice(3).cast(pl.Int32),
    ).join(persons, on="person_id")


@pytest.fixture(scope="session")
def joblessness_spells(mvad_intervals: pl.DataFrame) -> pl.DataFrame:
    """The 507 spells of joblessness with the next state grouped; `exit` is null when the spell is
    censored.
    """
    groups = {
        "employment": "employment",
        "FE": "studies",
        "HE": "studies",
        "school": "studies",
        "training": "training",
    }
    before = pl.col("state").eq("training").cum_max().shift(1, fill_value=False).over("person_id")
    rows = mvad_intervals.with_columns(prior_training=before.cast(pl.Float64)).filter(
        state="joblessness"
    )
    return rows.with_columns(
        length=pl.col("stop") - pl.col("start"),
        exit=pl.col("next").replace_strict(groups, default=None, return_dtype=pl.String),
        male=(pl.col("sex") == "male").cast(pl.Float64),
    ).with_columns(any=pl.col("exit").is_not_null())


@pytest.fixture(scope="session")
def first_spells(joblessness_spells: pl.DataFrame) -> pl.DataFrame:
    """The first spell of each of the 342 persons."""
    return joblessness_spells.sort("person_id", "start").unique(
        "person_id", keep="first", maintain_order=True
    )
