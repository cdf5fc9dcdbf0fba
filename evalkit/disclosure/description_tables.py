"""Published tables of intake, spells and survival: read off the register."""

from evalkit.disclosure.declared import Declared

_RANGE = ("estimate", "ci_lower", "ci_upper")
_CURVE = ("estimate", "std_error", "ci_lower", "ci_upper", "n_at_risk", "n_events")

DESCRIPTION_TABLES: dict[str, Declared] = {
    "intake": Declared(
        "estimates",
        ("table", "rule"),
        ("n_delivered", "n_accepted", "n_rejected", "data_through"),
        "rows, months",
    ),
    "people": Declared(
        "counts", ("district", "measure"), ("count",), "persons, spells", "n_persons", ("district",)
    ),
    "exits": Declared(
        "counts",
        ("district", "exit"),
        ("n_spells", "n_persons", "share"),
        "spells, persons, shares",
        "n_persons",
        ("district", "exit"),
    ),
    "time_on_support": Declared(
        "estimates",
        ("district", "horizon_months"),
        (*_RANGE, "std_error", "n_spells", "n_persons"),
        "months",
        "n_persons",
        needed=("estimate",),
    ),
    "long_term": Declared(
        "counts",
        ("district", "year", "measure", "answer"),
        ("n_persons", "share"),
        "persons, shares",
        "n_persons",
        ("district", "answer"),
    ),
    "gap_sensitivity": Declared(
        "counts",
        ("district", "max_gap_months"),
        ("n_spells", "n_ended", "median_months"),
        "spells, months",
        "n_persons",
        ("district",),
        needed=("median_months",),
    ),
    "after_support": Declared(
        "counts",
        ("district", "measure", "answer"),
        ("n_spells", "n_persons", "share"),
        "spells, persons, shares",
        "n_persons",
        ("district", "answer"),
    ),
    "loops": Declared(
        "counts",
        ("district", "level", "n_returns"),
        ("n_persons", "share"),
        "persons, shares",
        "n_persons",
        ("district", "n_returns"),
    ),
    "gaps_after_interventions": Declared(
        "counts",
        ("intervention_id", "ended_by"),
        ("n_episodes", "n_persons", "share", "mean_gap_months"),
        "episodes, persons, shares, months",
        "n_persons",
        ("intervention_id", "ended_by"),
    ),
    "plans_kept": Declared(
        "counts",
        ("intervention_id", "plan"),
        ("n_episodes", "n_persons", "share", "mean_planned_months"),
        "episodes, persons, shares, months",
        "n_persons",
        ("intervention_id", "plan"),
    ),
    "state_sources": Declared(
        "counts",
        ("source",),
        ("n_person_months", "n_persons", "share"),
        "months, persons, shares",
        "n_persons",
        ("source",),
    ),
    "timeline_faults": Declared(
        "counts",
        ("fault",),
        ("n_faults", "n_person_months", "n_persons"),
        "faults, months, persons",
        "n_persons",
    ),
    "livelihood_collisions": Declared(
        "counts",
        ("collision", "believed", "set_aside"),
        ("n_person_months", "n_persons"),
        "months, persons",
        "n_persons",
    ),
    "exit_curves": Declared(
        "curve", ("district", "exit", "month"), _CURVE, "share of spells", is_per_district=True
    ),
    "exit_rates": Declared(
        "counts",
        ("district", "last_month"),
        ("first_month", *_RANGE),
        "share per month",
        "n_persons",
        ("last_month",),
        True,
        needed=("estimate",),
    ),
    "group_curves": Declared(
        "group_curves",
        ("district", "characteristic", "group", "month"),
        _RANGE,
        "share of spells",
        "n_persons",
        ("group",),
        True,
    ),
    "group_months": Declared(
        "counts",
        ("district", "characteristic", "group", "horizon_months"),
        (*_RANGE, "n_spells", "n_persons"),
        "months",
        "n_persons",
        ("group",),
        True,
        needed=("estimate",),
    ),
    "states": Declared(
        "counts",
        ("district", "state", "month"),
        _RANGE,
        "share of people",
        "n_persons",
        ("state",),
        True,
    ),
}
