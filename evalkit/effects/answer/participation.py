"""Time in interventions during follow-up: in each arm and month, the share in every intervention of
the register and the share starting it.

They are what places cost: an arm pays for the months in which its people fill places, in whatever
intervention. They are summed with the weights and draws of the states, for the primary comparison
alone. They are not shrunk towards the city's: what a district's people take part in is counted, not
compared, so the raw shares go with pooled effects.
"""

import numpy as np
import polars as pl

from evalkit.draws import from_cube, parted, to_cube, to_cubes
from evalkit.effects.trials.target_trial import Trials
from evalkit.line.tables import table
from evalkit.tables import CITY

MEASURES = ("taking_part", "starting")
_CONSTANTS = ["intervention_id", "protocol_hash", "estimand", "subgroup"]


class ProgrammeCells:
    """Which intervention each person is in, or starts, by month of follow-up.

    names : of the interventions.
    indicators : bool (n_measured, n_rows, n_months): in each of `names`, then starting each of
    them; month 0 is the trial month.
    """

    def __init__(self, trials: Trials):
        n_rows, n_months = trials.outcomes.shape
        cells = _cells(trials, n_months)
        self.names = cells["programme"].unique().sort().to_list()
        programme = np.searchsorted(
            np.array(self.names, dtype=str), cells["programme"].to_numpy().astype(str)
        )
        measure = (cells["measure"] == MEASURES[1]).to_numpy()
        self.indicators = np.zeros((len(MEASURES) * len(self.names), n_rows, n_months), dtype=bool)
        self.indicators[
            measure * len(self.names) + programme,
            cells["row"].to_numpy(),
            cells["month"].to_numpy(),
        ] = True


def programme_sums_table(
    sums: np.ndarray, draws: np.ndarray, names: list[str], keys: dict[str, str]
) -> pl.DataFrame:
    """The table `effect_programme_sums` from sums of weights (arm, measure and intervention, months
    1..h, draw).
    """
    n_months = sums.shape[2]
    axes = {
        "draw": pl.Series(draws, dtype=pl.Int32),
        "arm": pl.Series(["comparison", "treated"]),
        "programme": pl.Series(names, dtype=pl.String),
        "month": pl.Series(np.arange(1, n_months + 1), dtype=pl.Int32),
    }
    columns = {
        measure: sums[:, i * len(names) : (i + 1) * len(names)].transpose(3, 0, 1, 2)
        for i, measure in enumerate(MEASURES)
    }
    schema = table("effect_programme_sums").schema
    return from_cube(axes, columns, keys).select(list(schema))


def programme_draws(
    programme_sums: pl.DataFrame, sums: pl.DataFrame, *, state: str
) -> pl.DataFrame:
    """Shares in, and starting, each intervention by arm and month: the table
    `effect_programme_draws`.

    Parameters
    ----------
    programme_sums, sums : DataFrame
        The tables `effect_programme_sums` and `effect_sums` of one comparison and the same
        districts.
    state : str
        One of the states: all have the same weights behind them.

    Returns
    -------
    DataFrame
        Draws in which an arm is empty are left out.
    """
    schema = table("effect_programme_draws").schema
    keys = ["district", *_CONSTANTS]
    totals = parted(sums.filter(pl.col("state") == state), keys) if len(programme_sums) else {}
    tables = [pl.DataFrame(schema=schema)]
    for effect_keys, effect_sums in parted(programme_sums, keys).items():
        cubes = to_cubes(effect_sums, ["draw", "arm", "programme", "month"], MEASURES)
        axes, weight = (
            cubes[MEASURES[0]].axes,
            to_cube(totals[effect_keys], ["draw", "arm", "month"], "weight_total"),
        )
        is_filled = np.all(weight.values > 0, axis=(1, 2))
        is_kept = is_filled[weight.places("draw", axes["draw"])]
        kept = axes | {"draw": axes["draw"].filter(pl.Series(is_kept))}
        behind = weight.values[np.ix_(*(weight.places(axis, kept[axis]) for axis in weight.axes))][
            :, :, None
        ]
        columns = {measure: cube.values[is_kept] / behind for measure, cube in cubes.items()}
        tables.append(
            from_cube(kept, columns, dict(zip(keys, effect_keys, strict=True)))
            .select(list(schema))
            .cast(schema)
        )
    return pl.concat(tables)


def add_programmes(programme_sums: pl.DataFrame) -> pl.DataFrame:
    """The districts' sums added, as the city's: in an intervention that a district does not have
    there is nobody there.
    """
    tables = [programme_sums.clear()]
    for keys, effect_sums in parted(programme_sums, _CONSTANTS).items():
        # Districts are added in the order of their names: the same sums give the same bits.
        cubes = to_cubes(effect_sums, ["district", "draw", "arm", "programme", "month"], MEASURES)
        axes = {
            axis: labels for axis, labels in cubes[MEASURES[0]].axes.items() if axis != "district"
        }
        columns = {measure: cube.values.sum(axis=0) for measure, cube in cubes.items()}
        whole = from_cube(
            axes, columns, {"district": CITY, **dict(zip(_CONSTANTS, keys, strict=True))}
        )
        tables.append(whole.select(programme_sums.columns).cast(programme_sums.schema))
    return pl.concat(tables)


def _cells(trials: Trials, n_months: int) -> pl.DataFrame:
    """row, programme, measure, month (0 is the trial month): each once."""
    rows = trials.rows.select("person_id", "trial_month").with_row_index("row")
    span = {
        "first": pl.max_horizontal(pl.col("start") - pl.col("trial_month"), pl.lit(0)),
        "last": pl.min_horizontal(pl.col("stop") - pl.col("trial_month"), pl.lit(n_months)),
    }
    met = (
        rows.join(trials.participation, on="person_id")
        .with_columns(**span)
        .filter(pl.col("first") < pl.col("last"))
    )
    months = met.select(
        "row", "programme", "measure", month=pl.int_ranges("first", "last")
    ).explode("month")
    return months.unique()
