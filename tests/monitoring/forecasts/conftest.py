"""Vintages of a made-up register: monthly counts of two districts, told and scored as by a run."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit import monitoring
from evalkit.disclosure import release
from evalkit.months import month_number
from evalkit.params import Run, RunFile

FIRST = date(2012, 1, 1)
SERIES = (("starts", "coaching"), ("exits_to_work", "all"), ("months_on_support", "all"))
DISTRICTS = ("North", "South")


@pytest.fixture
def counts_of():
    """Counts of every district, quantity and month from `FIRST` on, from the number of each month
    by district; all together is their sum.
    """

    def make(by_district: dict[str, np.ndarray], *, n_persons: int = 100) -> pl.DataFrame:
        every = by_district | {"all": np.sum(list(by_district.values()), axis=0)}
        return pl.concat(
            pl.DataFrame(
                {
                    "district": district,
                    "quantity": quantity,
                    "intervention_id": intervention_id,
                    "month_no": np.arange(len(n)) + month_number(FIRST),
                    "n": n,
                    "n_persons": n_persons,
                    "n_people": 200 if district == "all" else 100,
                },
                schema_overrides={name: pl.Int32 for name in ("month_no", "n", "n_persons")},
            )
            for quantity, intervention_id in SERIES
            for district, n in every.items()
        )

    return make


@pytest.fixture
def run_of(tmp_path):
    """A run of the register with data through a month, after a vintage of a name."""

    def make(through: str, *, previous: str = "", districts=DISTRICTS, **rules) -> Run:
        content = {
            "run": "city",
            "title": {"sv": "Stad", "en": "City"},
            "districts": list(districts),
            "seed": 1,
            "extract": {"folder": "city", "first_month": "2012-01", "data_through": through},
        }
        run = Run(
            run_dir=tmp_path / f"{through}-00000001",
            run_file=tmp_path / "city.yaml",
            params=RunFile.model_validate(content | rules),
            run_id=f"city-{through}",
            inputs={"extract.mapping/city.yaml": "a", "effects.protocols/coaching.yaml": "b"},
            previous=previous,
        )
        run.run_dir.mkdir(exist_ok=True)
        (run.run_dir / "run.json").write_text(run.model_dump_json(), encoding="utf-8")
        return run

    return make


@pytest.fixture
def told_by():
    """What the notebook publishes of a run: the tables by name."""

    def publish(run: Run, counts: pl.DataFrame) -> dict[str, pl.DataFrame]:
        known = counts.filter(pl.col("month_no") <= month_number(run.params.last_month_known))
        earlier = monitoring.earlier_record(run)
        outcomes = monitoring.forecast_outcomes(known, run.params, run.inputs, earlier)
        shown = {"forecast_outcomes": release(outcomes, "forecast_outcomes", run).data}
        scores = monitoring.forecast_scores(earlier.forecasts, shown["forecast_outcomes"])
        shown["forecast_scores"] = release(scores, "forecast_scores", run).data
        told = monitoring.forecasts(known, run.params, earlier)
        shown["forecasts"] = release(told, "forecasts", run).data
        record = monitoring.forecast_record(shown["forecasts"], run, earlier)
        shown["forecast_record"] = release(record, "forecast_record", run).data
        return shown

    return publish


@pytest.fixture
def steady(counts_of):
    """Ten years in which ten and twenty are counted in every month."""
    n_months = 120
    return counts_of({"North": np.full(n_months, 10), "South": np.full(n_months, 20)})
