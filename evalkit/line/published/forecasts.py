"""Published tables of forecasts: what is told of months ahead, its record, and how it has done."""

from evalkit.line.table import Guard, Table

_FORECAST = ("made", "district", "quantity", "intervention_id", "due")

FORECASTS = (
    Table(
        "forecasts",
        "One row per month of data in which it was told, district, quantity, intervention and last "
        "month counted: how many starts, exits to work or months on support are expected in the "
        "months up to then, with limits and two naive rivals. Those of earlier vintages stand "
        "as they were told.",
        keys=_FORECAST,
        values=(
            *("months_ahead", "n_expected", "n_50_lower", "n_50_upper", "n_80_lower"),
            *("n_80_upper", "n_95_lower", "n_95_upper", "n_last_year", "n_city_mean"),
        ),
        unit="starts, exits, months on support",
        guard=Guard("estimates", "n_persons"),
        grade="M",
    ),
    Table(
        "forecast_record",
        "One row per month of data and district: which run told how many forecasts from which "
        "protocols and definitions, the hash of what was told, and that of this line and the one "
        "before it.",
        keys=("made", "district"),
        values=(
            *("run_id", "protocols", "definition", "n_forecasts", "content_hash", "chain"),
            "line_status",
        ),
        unit="forecasts",
        guard=Guard("estimates"),
        is_of_extract=False,
    ),
    Table(
        "forecast_outcomes",
        "One row per forecast of an earlier vintage whose last month is known whole: what was "
        "counted, and whether the forecast is scored.",
        keys=_FORECAST,
        values=("months_ahead", "n_observed", "forecast_status"),
        unit="starts, exits, months on support",
        guard=Guard("counts", total_over=("district",)),
        about="For whoever wants to score the forecasts otherwise: what was counted, by forecast.",
    ),
    Table(
        "forecast_scores",
        "One row per quantity, and all together: how many forecasts held what was counted within "
        "their limits, how far they and two naive rivals were off as shares of what was expected, "
        "and how many were not scored, by reason.",
        keys=("quantity",),
        values=(
            *("n_forecasts", "first_due", "last_due", "n_held_50", "n_held_80", "n_held_95"),
            *("bias", "error_expected", "error_last_year", "error_city_mean", "interval_score"),
            *("n_redefined", "n_changed", "n_gone", "n_withheld"),
        ),
        unit="forecasts, shares of what was expected",
        # Made of published numbers alone.
        guard=Guard("estimates"),
        grade="M",
    ),
)
