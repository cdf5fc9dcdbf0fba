"""Forecasts of what will be counted, made before it is known and scored afterwards: never of an
effect, which nobody will ever observe.
"""

from evalkit.monitoring.forecasts.ahead import forecasts
from evalkit.monitoring.forecasts.record import Earlier, earlier_record, forecast_record, record_in
from evalkit.monitoring.forecasts.scores import forecast_outcomes, forecast_scores

__all__ = [
    "Earlier",
    "earlier_record",
    "forecast_outcomes",
    "forecast_record",
    "forecast_scores",
    "forecasts",
    "record_in",
]
