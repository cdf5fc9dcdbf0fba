"""What is expected to be counted in the next 3, 6 and 12 months, as things are today."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from evalkit.line.tables import published
from evalkit.monitoring.forecasts.predictive import Prediction, predict
from evalkit.monitoring.forecasts.record import KEPT_MONTHS, Earlier
from evalkit.months import add_months, month_number
from evalkit.params import RunFile
from evalkit.tables import CITY

HORIZONS = (3, 6, 12)
LEVELS = (50, 80, 95)
_YEAR = 12


_SERIES = ["quantity", "intervention_id"]
# Rows of earlier vintages have passed gate 2 when they were made: they are shown as they were.
_HAS_PASSED = 2**30


def forecasts(counts: pl.DataFrame, params: RunFile, earlier: Earlier) -> pl.DataFrame:
    """What is expected of each count in each district and in the city, with two naive rivals, and
    the forecasts of earlier vintages as they were made.

    Parameters
    ----------
    counts : DataFrame
        `spells.monthly_counts`.
    params : RunFile
        The months of the extract: a forecast is of months of which nothing is delivered yet.
    earlier : Earlier
        What earlier vintages have told (`earlier_record`). Forecasts are made once from each month
        of data, and none from an earlier month than the last ones.

    Returns
    -------
    DataFrame
        The table `forecasts`. Where the register is too short for a horizon there is no row of it
        (`predictive`).
    """
    made, last = params.extract.follow_up_through, params.last_month_known
    declared = published("forecasts")
    rows: list[dict[str, Any]] = []
    if made > earlier.last_made:
        gap = month_number(made) - month_number(last)
        for series in counts.partition_by(_SERIES, maintain_order=True):
            rows += _of_series(series.sort("district", "month_no"), gap)
    today = (
        pl.DataFrame(rows, schema_overrides=declared.schema).with_columns(
            made=pl.lit(made), due=_due(made)
        )
        if rows
        else declared.empty()
    )
    before = earlier.forecasts.filter(pl.col("made") >= add_months(made, -KEPT_MONTHS))
    shown = pl.when(pl.col("status") == "ok").then(_HAS_PASSED).otherwise(0)
    return pl.concat(
        [
            before.with_columns(n_persons=shown.cast(pl.Int32)).select(declared.schema.names()),
            today.select(declared.schema.names()),
        ]
    ).sort(declared.keys)


def _due(made) -> pl.Expr:
    months = {ahead: add_months(made, ahead) for ahead in HORIZONS}
    return pl.col("months_ahead").replace_strict(months, return_dtype=pl.Date)


def _of_series(series: pl.DataFrame, gap: int) -> Iterator[dict[str, Any]]:
    """The rows of one quantity, of all districts and horizons."""
    first = series.group_by("district", maintain_order=True).first()
    districts = first["district"].to_list()
    months = series["n"].to_numpy().reshape(len(districts), -1).astype(float)
    city = districts.index(CITY)
    people = first["n_people"].to_numpy().astype(float)
    last_year = months[:, -_YEAR:].sum(axis=1)
    of_city = last_year[city] * people / max(people[city], 1.0)
    predictions = predict(months, windows=HORIZONS, gap=gap, of_city=city)
    for ahead, prediction in predictions.items():
        expected = _whole(
            {
                "n_expected": prediction.mean,
                "n_last_year": last_year * ahead / _YEAR,
                "n_city_mean": of_city * ahead / _YEAR,
            }
            | _limits(prediction)
        )
        for place, row in enumerate(first.iter_rows(named=True)):
            yield {
                **{key: row[key] for key in ("district", *_SERIES, "n_persons")},
                "months_ahead": ahead,
                **{name: values[place] for name, values in expected.items()},
            }


def _limits(prediction: Prediction) -> dict[str, np.ndarray]:
    limits = {}
    for level in LEVELS:
        lower, upper = prediction.limits(level / 100)
        limits |= {f"n_{level}_lower": lower, f"n_{level}_upper": upper}
    return limits


def _whole(values: dict[str, np.ndarray]) -> dict[str, list[int]]:
    return {name: np.rint(column).astype(int).tolist() for name, column in values.items()}
