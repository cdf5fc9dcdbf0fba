"""What is told of a simulated city from its first years, scored on the year that follows: the
earlier vintage has the extract as it was then.
"""

import copy

import numpy as np
import polars as pl
import pytest
import yaml
from small_city import ROOT, RUN

from evalkit import intake, monitoring, spells
from evalkit.batch.vintage import prepare_run
from evalkit.disclosure import release
from evalkit.monitoring.forecasts.ahead import HORIZONS
from evalkit.monitoring.forecasts.predictive import predict
from evalkit.simulate import load_city, write_city
from evalkit.tables import CITY

# Exits are known two months before the last month of data: a year from October 2020 is whole then.
TOLD, SCORED, GAP = "2020-10", "2021-12", 2
LEVELS = (50, 80, 95)
N_CITIES = 20
N_ERRORS = 4


def _counts_of(folder, city, params_of_city, through):
    """A run with data through a month, and what it counts."""
    content = copy.deepcopy(RUN) | {"districts": list(params_of_city.district_names)}
    # Rows of months that are not delivered yet are set aside, as if they had not been.
    content["extract"] |= {
        "folder": str(city),
        "data_through": through,
        "max_rejected_share": 0.5,
    }
    file = folder / "small.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    run = prepare_run(file, out=folder / "runs")
    run.run_dir.mkdir(parents=True, exist_ok=True)
    (run.run_dir / "run.json").write_text(run.model_dump_json(), encoding="utf-8")
    admitted = intake.admit_run(run).tables
    built = admitted | spells.build_spells(admitted, run.params)
    return run, spells.monthly_counts(built, run.params)


def _told_and_came(folder, seed, n_people):
    """What a fresh city's earlier vintage tells, what its later one scores, and the counts of
    both.
    """
    params_of_city = load_city("stockholm", ROOT / "params" / "cities")
    write_city(params_of_city, folder / "city", seed=seed, n_people=n_people)
    old, known = _counts_of(folder, folder / "city", params_of_city, TOLD)
    nothing = monitoring.earlier_record(old)
    told = release(monitoring.forecasts(known, old.params, nothing), "forecasts", old)
    record = monitoring.forecast_record(told.data, old, nothing)
    release(record, "forecast_record", old)
    new, later = _counts_of(folder, folder / "city", params_of_city, SCORED)
    earlier = monitoring.record_in(old.run_dir)
    outcomes = monitoring.forecast_outcomes(later, new.params, new.inputs, earlier)
    scores = monitoring.forecast_scores(
        earlier.forecasts, release(outcomes, "forecast_outcomes", new).data
    )
    return scores, known, later


def _held_unrounded(known, later):
    """By level the share of all counts of twenty or more expected that lay within the limits before
    anything is rounded.
    """
    held = {level: [] for level in LEVELS}
    n_known = known["month_no"].n_unique()
    for key, series in known.partition_by("quantity", "intervention_id", as_dict=True).items():
        came = later.filter(quantity=key[0], intervention_id=key[1])
        matrix, after = (
            table.sort("district", "month_no")["n"]
            .to_numpy()
            .reshape(series["district"].n_unique(), -1)
            for table in (series, came)
        )
        city = series["district"].unique().sort().to_list().index(CITY)
        told = predict(matrix.astype(float), windows=HORIZONS, gap=GAP, of_city=city)
        for window, prediction in told.items():
            counted = after[:, n_known + GAP : n_known + GAP + window].sum(axis=1)
            is_shown = prediction.mean >= 20
            for level in LEVELS:
                lower, upper = prediction.limits(level / 100)
                held[level] += ((counted >= lower) & (counted <= upper))[is_shown].tolist()
    return [np.mean(held[level]) for level in LEVELS]


@pytest.mark.slow
def test_what_a_small_city_was_told_is_scored_a_year_later(tmp_path):
    scores, known, later = _told_and_came(tmp_path, seed=1, n_people=600)

    total = scores.row(by_predicate=pl.col("quantity") == "all", named=True)
    assert total["n_forecasts"] > 0
    assert total["n_held_50"] <= total["n_held_80"] <= total["n_held_95"]
    assert total["n_held_95"] > total["n_forecasts"] / 2
    assert total["n_changed"] == total["n_redefined"] == total["n_gone"] == 0
    # What is known by then is counted alike in both vintages.
    keys = ["district", "quantity", "intervention_id", "month_no"]
    both = known.join(later, on=keys, suffix="_later")
    assert both.height == known.height
    assert (both["n"] == both["n_later"]).mean() > 0.99


@pytest.mark.prove
def test_limits_hold_as_often_as_they_say_in_fresh_cities(tmp_path):
    shares, shown = [], []
    for seed in range(N_CITIES):
        folder = tmp_path / str(seed)
        folder.mkdir()
        scores, known, later = _told_and_came(folder, seed=31000 + seed, n_people=4000)
        shares.append(_held_unrounded(known, later))
        total = scores.row(by_predicate=pl.col("quantity") == "all", named=True)
        shown.append([total[f"n_held_{level}"] / total["n_forecasts"] for level in LEVELS])

    held, as_shown = np.array(shares), np.mean(shown, axis=0)
    error = held.std(axis=0, ddof=1) / np.sqrt(N_CITIES)
    print("held", held.mean(axis=0), "error", error, "as shown", as_shown)
    assert (np.abs(held.mean(axis=0) - np.array(LEVELS) / 100) < N_ERRORS * error).all()
    # In fives, limits hold rather more often.
    assert (as_shown > np.array(LEVELS) / 100 - 0.05).all()
