"""Tables of a simulated city as the monitoring of steps reads them."""

import polars as pl

from evalkit.line.states import OUTCOME_OF
from evalkit.monitoring import Followed
from evalkit.monitoring_rules import MonitoringRules
from evalkit.months import month_number, month_number_expr
from evalkit.simulate import person_tables
from evalkit.simulate.city.city import City
from evalkit.simulate.population.lives import Lives

GAP_MONTHS = 2


def read_by_monitoring(city: City, lives: Lives) -> tuple[dict[str, pl.DataFrame], Followed]:
    """The tables with the register of interventions and the states of the months, and the months
    that are known.
    """
    tables = person_tables(city, lives)
    first = month_number(city.first_month)
    steps = pl.DataFrame(
        [(one.intervention_id, one.ladder_step) for one in city.interventions],
        schema={"intervention_id": pl.String, "ladder_step": pl.Int32},
        orient="row",
    )
    intervals = tables["livelihood"].select(
        "person_id",
        start_month=month_number_expr("start") - first,
        stop_month=month_number_expr("end").fill_null(first + city.n_months) - first,
        from_state=pl.col("state").replace_strict(OUTCOME_OF),
    )
    followed = Followed(MonitoringRules(), first=first, last=first + city.n_months - 1 - GAP_MONTHS)
    return tables | {"intervention": steps, "state_intervals": intervals}, followed
