"""Both readings of an effect, and every diagnostic, in cities where something decides who starts
that a comparison may not see: what the proof repeats.

The cities of four districts and two interventions (cities.py), in each of the worlds that every
simulated city has (params/cities/worlds/), at several strengths. The truth is that of a population
of its own in the same world: what starting changes for those who start, later starts by each
future's own past.
"""

from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

import polars as pl
from cities import four_districts, people_of, protocols

from evalkit.effects import contrast, fit_propensity, placebo_tests, two_readings
from evalkit.effects.trust.strength import left_out
from evalkit.effects.weighting.start_now import StartNow
from evalkit.run_rules import AdviceRules
from evalkit.simulate import simulate_truth
from evalkit.simulate.city.city import City

TRUTH = Path(__file__).with_suffix(".csv")
TRUTH_PEOPLE, TRUTH_REPLICATES, TRUTH_SEED = 60_000, 4, 90_011
# What the effect is taken to be when it is asked how often a harmful intervention would be called a
# good one. Months.
HARM = -0.5
READINGS = ("plain", "second", "span")


class Cell(NamedTuple):
    """A world and how strongly its selection works."""

    world: str
    strength: float

    @property
    def city(self) -> City:
        """The city of the proofs in this world."""
        if self.world == "nothing_hidden":
            return four_districts()
        return four_districts().in_worlds(self.world, strength=self.strength)


CELLS = (
    Cell("nothing_hidden", 0.0),
    Cell("persistent", 0.3),
    Cell("persistent", 0.7),
    Cell("history", 1.0),
    Cell("broad", 1.0),
    Cell("first_spells", 0.7),
    Cell("transient", 1.0),
)
CELL = ["world", "strength"]
KEYS = [*CELL, "intervention_id"]


def readings(cell: Cell, seed: int, *, n_people: int) -> pl.DataFrame:
    """Both readings in one city: a row for each intervention, as `two_readings` has it."""
    people = people_of(seed, n_people, city=cell.city)
    found = [
        two_readings(people.trials(protocol)).table.with_columns(
            intervention_id=pl.lit(protocol.intervention_id)
        )
        for protocol in protocols()
    ]
    return _of_city(pl.concat(found), cell, seed)


def keep_readings(path: Path, cell: Cell, seed: int, n_people: int) -> None:
    """Both readings in one city as a file that is whole or absent."""
    _keep(path, readings(cell, seed, n_people=n_people))


def checks(cell: Cell, seed: int, *, n_people: int) -> pl.DataFrame:
    """What the checks of one city's estimates say: a row for each intervention and check.

    Returns
    -------
    DataFrame
        KEYS, seed, check, is_warned (null: not testable), times (of strength alone: how many times
        what the strongest measured group moves it would take to take the gain away; null where no
        group moves it beyond chance). Strength is measured on every third month of the comparison.
    """
    people, rows = people_of(seed, n_people, city=cell.city), []
    for protocol in protocols():
        trials = people.trials(protocol)
        weighting = StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=0))
        placebos = placebo_tests(weighting).select(
            "intervention_id",
            check="test",
            is_warned=pl.when(pl.col("verdict") != "not_testable").then(
                pl.col("verdict") == "warning"
            ),
            times=pl.lit(None, pl.Float64),
        )
        times = _times(weighting)
        strong = placebos[:1].with_columns(
            check=pl.lit("strength"),
            is_warned=pl.lit(None if times is None else times < 1, pl.Boolean),
            times=pl.lit(times, pl.Float64),
        )
        rows += [placebos, strong]
    return _of_city(pl.concat(rows), cell, seed)


def keep_checks(path: Path, cell: Cell, seed: int, n_people: int) -> None:
    """The checks of one city as a file that is whole or absent."""
    _keep(path, checks(cell, seed, n_people=n_people))


def _times(weighting: StartNow) -> float | None:
    """How many times what the strongest measured group moves the months gained are."""
    month = weighting.trials.rows["trial_month"].to_numpy()
    trials = weighting.trials.keep(weighting.trials.is_treated | (month % 3 == 0))
    fitted = StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=0))
    moved = left_out(fitted).filter((pl.col("moved_lower") > 0) | (pl.col("moved_upper") < 0))
    if moved.is_empty():
        return None
    gained = contrast(trials, trials.is_in_primary.sum(axis=1)).difference[0]
    return float(abs(gained) / moved["moved"].abs().max())


def each_city(
    folder: Path,
    keep: Callable[..., None],
    seeds: range,
    n_people: int,
    *,
    cells: tuple[Cell, ...] = CELLS,
) -> pl.DataFrame:
    """The rows of every city of every world, one after the other; what is kept is not made again.

    City by city over all worlds, so that a proof that was stopped has as many of each.
    """
    folder.mkdir(exist_ok=True)
    paths = []
    for seed in seeds:
        for cell in cells:
            path = folder / f"{cell.world}-{cell.strength:g}-{seed}.parquet"
            if not path.exists():
                keep(path, cell, seed, n_people)
            paths.append(path)
        print(f"{seed - seeds.start + 1} of {len(seeds)} cities of each world", flush=True)
    return pl.concat([pl.read_parquet(path) for path in paths])


def truths(cells: tuple[Cell, ...] = CELLS) -> pl.DataFrame:
    """Months in work gained by those who start: world, strength, intervention_id, truth,
    truth_error.
    """
    own = {
        "population": "starters",
        "district": "all",
        "district_basis": "time_zero",
        "comparison": "wait",
        "outcome": "work",
        "horizon_months": protocols()[0].follow_up_months,
    }
    sizes = {"seed": TRUTH_SEED, "n_people": TRUTH_PEOPLE, "n_replicates": TRUTH_REPLICATES}
    found = []
    for cell in cells:
        months = simulate_truth(cell.city, **sizes, eligible_share=0).months.filter(**own)
        found.append(
            months.select(
                pl.lit(cell.world).alias("world"),
                pl.lit(cell.strength).alias("strength"),
                "intervention_id",
                truth="difference",
                truth_error="mc_std_error",
            )
        )
    return pl.concat(found)


def with_truth(found: pl.DataFrame) -> pl.DataFrame:
    """Estimates beside the truth of their world, and what they would have said had it been a
    harm.

    Returns
    -------
    DataFrame
        What was found and: holds_READING, width_READING (months), claims_READING (the range lies
        wholly above zero if the effect were `HARM`), expands_plain, expands_span (then it would be
        advised to expand: one reading, or both, are as sure of a gain as `AdviceRules.expand_from`
        asks, and for both the past shows something).
    """
    beside = found.join(pl.read_csv(TRUTH), on=KEYS, how="left", validate="m:1")
    lower, upper = "{}_lower".format, "{}_upper".format
    holds = {
        f"holds_{one}": (pl.col(lower(one)) <= pl.col("truth"))
        & (pl.col("truth") <= pl.col(upper(one)))
        for one in READINGS
    }
    widths = {f"width_{one}": pl.col(upper(one)) - pl.col(lower(one)) for one in READINGS}
    if_harm = pl.col("truth") - HARM
    claims = {f"claims_{one}": pl.col(lower(one)) > if_harm for one in READINGS}
    margin = NormalDist().inv_cdf(AdviceRules().expand_from)
    sure = {one: pl.col(one) - margin * pl.col(f"{one}_error") >= if_harm for one in READINGS[:2]}
    expands = {
        "expands_plain": sure["plain"],
        "expands_span": sure["plain"] & sure["second"].fill_null(False),
    }
    return beside.with_columns(**holds, **widths, **claims, **expands)


def counts_of(found: pl.DataFrame) -> list[dict]:
    """A row for each world and strength, as the record has them: `WorldCount` without its
    diagnostics.
    """
    rows = []
    for cell in CELLS:
        own = found.filter(world=cell.world, strength=cell.strength)
        if own.is_empty():
            continue
        second = own.filter(verdict="two_readings")
        rows.append(
            {
                **cell._asdict(),
                "n_estimates": own.height,
                "n_nothing": own.height - second.height,
                "truth": _mean(own, "truth"),
                "bias_plain": round(float((own["plain"] - own["truth"]).mean()), 3),
                "bias_second": round(float((second["second"] - second["truth"]).mean()), 3)
                if second.height
                else None,
                "n_plain": int(own["holds_plain"].sum()),
                "n_second": int(second["holds_second"].sum()),
                "n_span": int(own["holds_span"].sum()),
                "width_plain": _mean(own, "width_plain"),
                "width_span": _mean(own, "width_span"),
                "n_claims_plain": int(own["claims_plain"].sum()),
                "n_claims_span": int(own["claims_span"].sum()),
                "n_expands_plain": int(own["expands_plain"].sum()),
                "n_expands_span": int(own["expands_span"].sum()),
            }
        )
    return rows


def warned_of(found: pl.DataFrame, checked: pl.DataFrame) -> dict[Cell, list[dict]]:
    """By world, how often each check warned where the plain range misses the truth and where it
    holds it; the second reading warns where its range does not hold the plain estimate.

    Parameters
    ----------
    found : DataFrame
        `readings` with their truth.
    checked : DataFrame
        `checks` of some of the same cities.
    """
    is_inside = pl.col("plain").is_between("second_lower", "second_upper")
    cities = [*KEYS, "seed"]
    outside = found.join(checked.select(cities).unique(), on=cities, how="semi").select(
        *cities, check=pl.lit("second_reading"), is_warned=~is_inside
    )
    every = pl.concat([checked.select(outside.columns), outside]).drop_nulls("is_warned")
    told = (
        every.join(found.select(*cities, "holds_plain"), on=cities, validate="m:1")
        .group_by(*CELL, "check")
        .agg(
            n_wrong=(~pl.col("holds_plain")).sum(),
            n_hits=(~pl.col("holds_plain") & pl.col("is_warned")).sum(),
            n_right=pl.col("holds_plain").sum(),
            n_false_alarms=(pl.col("holds_plain") & pl.col("is_warned")).sum(),
        )
        .sort("check")
    )
    return {cell: told.filter(**cell._asdict()).drop(CELL).to_dicts() for cell in CELLS}


def _mean(rows: pl.DataFrame, column: str) -> float:
    return round(float(rows[column].mean()), 3)


def _of_city(rows: pl.DataFrame, cell: Cell, seed: int) -> pl.DataFrame:
    return rows.with_columns(
        world=pl.lit(cell.world), strength=pl.lit(cell.strength), seed=pl.lit(seed)
    )


def _keep(path: Path, rows: pl.DataFrame) -> None:
    rows.write_parquet(path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)
