"""What selection on a trait that no table holds does to the estimate, and that nothing measured
shows it: the city's stress switch end to end.
"""

from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from evalkit import simulate, spells
from evalkit.effects.answer.intervention import intervention_weights
from evalkit.effects.trials.person_tables import PersonTables
from evalkit.line.protocols import load_protocol

PARAMS = Path(__file__).parents[2] / "params"
LAST_MONTH = date(2021, 12, 1)
N_PEOPLE = 8_000
N_DRAWS = 20
HORIZON = 36
# Futures of each starter, in both arms: with one the truth would be as uncertain as the estimate.
N_REPLICATES = 10
# Imbalance that is taken as negligible (Austin 2009, Stat. Med. 28:3083).
SMALL_IMBALANCE = 0.1
# Half widths of the estimate's own 95 % range, and standard errors of the truth, that the two may
# be apart.
N_ERRORS = 2


class Compared(NamedTuple):
    """Months in work within the horizon that starting changes: estimated with its range, and true
    with its Monte Carlo error.
    """

    estimate: float
    half_width: float
    truth: float
    truth_error: float
    largest_imbalance: float


def compare(protocol_name: str, rho: float) -> Compared:
    city = simulate.load_city("stockholm", PARAMS / "cities", worlds=["persistent"], strength=rho)
    tables = simulate.person_tables(city, simulate.live(city, seed=1, first=0, stop=N_PEOPLE))
    person = tables["person"].with_columns(weight=pl.lit(None, pl.Float64))
    extent = spells.Extent(city.first_month, LAST_MONTH, max_gap_months=2)
    register = [tables["income_support"], tables["household_member"], tables["livelihood"], person]
    planned = {one.intervention_id: one.planned_months for one in city.interventions}
    interventions = pl.DataFrame(
        {
            "intervention_id": list(planned),
            "planned_months": pl.Series(list(planned.values()), dtype=pl.Int32),
            "ladder_step": [one.ladder_step for one in city.interventions],
        }
    )
    people = PersonTables(
        spells.build_support_spells(*register, extent=extent),
        spells.build_episodes(tables["participation"], interventions, data_through=LAST_MONTH),
        spells.build_state_intervals(*register, extent=extent, outcome_groups=True),
        person,
        city.first_month,
    )
    protocol = load_protocol(
        PARAMS / "protocols" / f"{protocol_name}.yaml",
        n_months=city.n_months,
        districts=city.district_names,
    )
    found = intervention_weights(people, protocol, n_draws=N_DRAWS, seed=1)
    declared = found.effect_sensitivity.filter(pl.col("convention") == "declared").row(
        0, named=True
    )
    truth = simulate.simulate_truth(
        city,
        seed=1,
        n_people=N_PEOPLE,
        n_replicates=N_REPLICATES,
        eligible_share=0,
    ).months
    own = {
        "population": "starters",
        "intervention_id": protocol.intervention_id,
        "district": "all",
        "district_basis": "time_zero",
        "comparison": "wait",
        "horizon_months": HORIZON,
        "outcome": "work",
    }
    true = truth.filter(*[pl.col(column) == value for column, value in own.items()]).row(
        0, named=True
    )
    half_width = (declared["ci_upper"] - declared["ci_lower"]) / 2
    imbalance = found.balance["smd_after"].abs().max()
    return Compared(
        declared["difference"], half_width, true["difference"], true["mc_std_error"], imbalance
    )


@pytest.mark.prove
@pytest.mark.parametrize(
    "protocol_name", ["stockholm_work_training", "stockholm_jobbtorg_coaching"]
)
def test_estimate_finds_the_truth_when_selection_is_on_what_the_tables_hold(protocol_name):
    found = compare(protocol_name, rho=0.0)

    assert abs(found.estimate - found.truth) < found.half_width + N_ERRORS * found.truth_error


@pytest.mark.prove
@pytest.mark.parametrize(
    "protocol_name", ["stockholm_work_training", "stockholm_jobbtorg_coaching"]
)
def test_hidden_selection_moves_the_estimate_beyond_its_range_while_balance_looks_good(
    protocol_name,
):
    found = compare(protocol_name, rho=0.7)

    assert found.estimate - found.truth > found.half_width + N_ERRORS * found.truth_error
    assert found.largest_imbalance < SMALL_IMBALANCE
