"""The columns of derived and published tables: one type, one unit and one way of writing each.

A name has one type wherever it stands: whoever needs another type needs another name. Months that
are counted from a start are whole numbers (`month` is 0 at time zero); months of the calendar are
dates, the first day of the month. An empty unit says that the column counts nothing, or that the
table's own `unit` says what it counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import polars as pl
from polars.datatypes import DataTypeClass

from evalkit.errors import EvalkitError, nearest

# word: has a label in every language. name: written as it is. text: one or more sentences.
Form = Literal[
    "word", "name", "text", "flag", "date", "count", "months", "number", "share", "money", "gain"
]

_DTYPES: Mapping[Form, DataTypeClass] = MappingProxyType(
    {
        "word": pl.String,
        "name": pl.String,
        "text": pl.String,
        "flag": pl.Boolean,
        "date": pl.Date,
        "count": pl.Int32,
        "months": pl.Int32,
        "number": pl.Float64,
        "share": pl.Float64,
        "money": pl.Float64,
        "gain": pl.Float64,
    }
)


# Units in which people, and what each of them has, are counted: gate 2 rounds every such number.
COUNTED = frozenset(
    (
        *("persons", "spells", "persons, spells", "episodes", "rows", "faults"),
        *("starts per year", "persons per year", "starts, exits, months on support"),
    )
)
# Columns that identify persons; a row with one of them is a part of a person's life.
PERSON_IDS = ("person_id", "household_id")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : str
        The name, the same in every table.
    dtype : polars type
        Whole numbers are Int32, other numbers Float64, months of the calendar Date.
    unit : str
        What a value is counted in; empty where it counts nothing or the table says.
    form : str
        How a value is written: a word with a label, a name, a share as per cent, money, months, a
        gain with its sign.
    """

    name: str
    dtype: DataTypeClass
    unit: str
    form: Form


def _columns(form: Form, unit: str, names: str) -> tuple[Column, ...]:
    return tuple(Column(name, _DTYPES[form], unit, form) for name in names.split())


def register(columns: Iterable[Column]) -> Mapping[str, Column]:
    """Columns by name.

    Raises
    ------
    EvalkitError
        If a name is declared twice.
    """
    by_name: dict[str, Column] = {}
    for column in columns:
        if column.name in by_name:
            raise EvalkitError(
                f"The column {column.name} is declared twice.",
                where=f"evalkit/line/columns.py: {by_name[column.name].form} and {column.form}",
                why="A name stands for one type and one meaning in all tables.",
                fix="give one of the two another name.",
            )
        by_name[column.name] = column
    return MappingProxyType(by_name)


def is_counted(name: str, kind: pl.DataType | None = None) -> bool:
    """Whether a column holds numbers of people, spells or episodes, in which 0 stands for 0 to 2
    once it is published. Whole numbers that nobody has declared, those of a researcher's own
    table, are taken for such.
    """
    if name in COLUMNS:
        return COLUMNS[name].unit in COUNTED
    return kind is not None and kind.is_integer()


def schema_of(*names: str) -> pl.Schema:
    """The types of columns by name, for tables that a room keeps to itself.

    Raises
    ------
    EvalkitError
        If a name is not declared; names the nearest.
    """
    for name in names:
        if name not in COLUMNS:
            raise EvalkitError(
                f"The column {name} is not declared.",
                where=f"evalkit/line/columns.py: {nearest(name, COLUMNS)}",
                why="A column has one type, one unit and one meaning in all tables.",
                fix="declare the column there, or use the name that is there.",
            )
    return pl.Schema({name: COLUMNS[name].dtype() for name in names})


COLUMNS: Mapping[str, Column] = register(
    (
        # What a row is about.
        *_columns("name", "", "district intervention_id home_district action_id"),
        *_columns("name", "", "person_id household_id cluster_id protocol_hash"),
        *_columns("name", "", "table file column rule follows_from currency unit"),
        *_columns("name", "", "provider_district break_key quarter end_reason"),
        *_columns("name", "", "characteristic group subgroup also_in target_group"),
        *_columns("name", "", "covariate term parameter price name"),
        *_columns("word", "", "estimand arm state event outcome source actor posting kind"),
        *_columns("word", "", "payer perspective part measure answer case displacement programme"),
        *_columns("word", "", "exit exit_state from_state to_state fault collision believed"),
        *_columns("word", "", "set_aside level n_returns ended_by plan option policy side model"),
        *_columns("word", "", "check test cut convention reading decision handling"),
        *_columns("word", "", "question delivery"),
        *_columns("word", "", "status effect_state status_of_option verdict reason"),
        *_columns("word", "", "code_list"),
        *_columns("word", "", "information pooling standardised_to value_grade carried"),
        *_columns("word", "", "advice advice_reason figures obstacle"),
        *_columns("word", "", "advice_before advice_after cause"),
        *_columns("text", "", "sentence"),
        *_columns("flag", "", "is_start_known is_running is_converged is_together"),
        *_columns("flag", "", "is_on_frontier is_recommended is_only_together"),
        # Monitoring: process.
        *_columns("word", "", "responsible_role end_of_scale"),
        *_columns("number", "", "persons_apart"),
        # Monitoring: steps.
        *_columns("word", "", "criteria_met"),
        *_columns("months", "steps", "ladder_step"),
        *_columns("count", "persons", "n_next_step"),
        *_columns("share", "", "next_share"),
        # Monitoring: access.
        *_columns("share", "share", "more_often more_often_lower more_often_upper"),
        # Monitoring: offer.
        *_columns("word", "", "need content"),
        *_columns("count", "persons", "n_residents n_known n_reached n_entered"),
        *_columns("count", "persons", "n_followed n_stayed n_women n_known_sex"),
        *_columns("count", "interventions", "n_interventions"),
        *_columns("number", "persons per year", "n_entering"),
        *_columns("money", "money", "outreach_budget"),
        *_columns("share", "share", "women_share stayed_share"),
        # Monitoring: accounts.
        *_columns("name", "", "cost_area booked_area recoded_area posting_id account_code"),
        *_columns("name", "", "item other_item"),
        *_columns("word", "", "cheaper"),
        *_columns("money", "money", "budget booked recoded unspent implied_total places_cost"),
        *_columns("share", "share", "unspent_share printed_share share_lowest share_highest"),
        *_columns("share", "share", "covered_share"),
        *_columns("number", "", "other_amount"),
        *_columns("money", "money per place and year", "cost_per_place cost_lowest cost_highest"),
        *_columns("money", "money per end", "per_end_lowest per_end_highest"),
        *_columns("money", "money per month", "fixed_cost variable_cost"),
        *_columns("money", "money per place and month", "price_lowest price_highest"),
        *_columns("number", "filled places", "break_even break_even_lower break_even_upper"),
        # Monitoring: programme.
        *_columns("name", "", "title title_en responsible interventions"),
        *_columns("word", "", "theme progress"),
        *_columns("count", "actions", "n_actions"),
        *_columns("number", "", "widest"),
        # Monitoring: registration.
        *_columns("word", "", "base field"),
        # Time.
        *_columns("date", "months", "start end calendar_month data_through"),
        *_columns("date", "months", "counted_from counted_through"),
        *_columns(
            "months",
            "months",
            "month months entry start_month stop_month from_month to_month",
        ),
        *_columns("months", "months", "first_month last_month planned_months horizon_months"),
        *_columns("months", "months", "followed_months max_gap_months deepest_month return_month"),
        *_columns("months", "months", "n_months_counted trial_months"),
        *_columns("count", "years", "year price_year"),
        *_columns("number", "months", "median_months mean_gap_months mean_planned_months"),
        *_columns("number", "months", "work_months displaceable_months half_life longest_months"),
        *_columns("number", "months", "months_between_persons"),
        # How many.
        *_columns(
            "count",
            "persons",
            "n_persons n_starters n_eligible n_fewest n_in_state n_moved n_unassigned",
        ),
        *_columns("count", "persons needed", "trial_persons own_starters_needed"),
        *_columns("count", "spells", "n_at_risk"),
        *_columns("count", "spells", "n_spells n_ended"),
        *_columns("count", "episodes", "n_episodes n_due n_kept"),
        *_columns("count", "faults", "n_faults"),
        *_columns("count", "rows", "n_delivered n_rejected n_flagged line"),
        *_columns("count", "draws", "n_draws n_effect_draws"),
        *_columns("count", "districts", "n_districts n_districts_pooled n_adopted"),
        *_columns("count", "districts", "n_districts_alone n_districts_together"),
        *_columns("count", "places x months", "n_place_months n_occupied"),
        *_columns("count", "periods", "event_period"),
        *_columns("count", "persons, spells", "count n_whole n_at_most"),
        *_columns("count", "", "spell_no episode_no draw bin condition"),
        *_columns("number", "starts per year", "n_starts n_starts_alone n_starts_together"),
        *_columns("number", "starts per year", "n_shared n_starts_now n_starts_planned"),
        *_columns("number", "starts per year, lent less borrowed", "n_lent"),
        *_columns("number", "persons per year", "n_eligible_per_year"),
        *_columns("number", "persons", "effective_sample_size weight_total"),
        *_columns("number", "places", "places"),
        *_columns("number", "hours", "hours_per_week"),
        # Estimates; the table's unit says what they count.
        *_columns("number", "", "estimate ci_lower ci_upper treated comparison"),
        *_columns("number", "", "share_change months_change person_change range_change"),
        *_columns("number", "", "before after"),
        *_columns("number", "", "value low high limit threshold coefficient weight weighted_sum"),
        *_columns("number", "", "switching_value amount effect effect_lower effect_upper"),
        *_columns("gain", "", "difference gap gap_lower gap_upper trend_before"),
        *_columns("gain", "months", "raw raw_lower raw_upper shrunk shrunk_lower shrunk_upper"),
        *_columns("gain", "months", "standardised standardised_lower standardised_upper"),
        *_columns("gain", "share", "change change_lower change_upper"),
        *_columns("gain", "months", "shift plain plain_lower plain_upper span_lower span_upper"),
        *_columns("gain", "months", "second second_lower second_upper"),
        *_columns("count", "persons", "n_with_past n_past_known"),
        *_columns("share", "probability", "probability_plain probability_second"),
        *_columns("gain", "months", "moved moved_lower moved_upper"),
        *_columns("number", "times", "times times_limit"),
        # Design of trials.
        *_columns("word", "", "trial"),
        *_columns("number", "months", "asked_months"),
        *_columns("share", "share of trials", "power"),
        # (forecasts)
        *_columns("date", "", "made due first_due last_due"),
        *_columns("word", "", "quantity forecast_status line_status"),
        *_columns("name", "", "run_id protocols definition content_hash chain"),
        *_columns("months", "months", "months_ahead"),
        *_columns(
            "count",
            "starts, exits, months on support",
            "n_expected n_50_lower n_50_upper n_80_lower n_80_upper n_95_lower n_95_upper "
            "n_last_year n_city_mean n_observed",
        ),
        *_columns("count", "forecasts", "n_forecasts n_held_50 n_held_80 n_held_95"),
        *_columns("count", "forecasts", "n_redefined n_changed n_gone n_withheld"),
        *_columns("share", "share", "bias error_expected error_last_year error_city_mean"),
        *_columns("share", "share", "interval_score"),
        *_columns("number", "standard deviations", "smd_before smd_after max_abs_smd"),
        *_columns("number", "ratio", "variance_ratio_before variance_ratio_after overdispersion"),
        *_columns("number", "rank", "rank rank_lower rank_upper"),
        *_columns("share", "share", "share share_treated share_comparison share_unassigned"),
        *_columns("share", "share", "share_at_most one_person one_person_value"),
        *_columns("share", "share", "share_comparison_weighted share_of_starters gain_share"),
        *_columns("share", "share", "utilisation_share max_weight top_1_percent_share reliability"),
        *_columns("share", "share", "observed expected adjusted lower_95 upper_95 lower_998"),
        *_columns("share", "share", "upper_998 taking_part starting completed_share"),
        *_columns("share", "share", "displaced_share programme_district programme_purse"),
        *_columns("share", "share per year", "discount_rate"),
        *_columns("share", "probability", "probability probability_positive probability_best"),
        *_columns("share", "probability", "probability_returns propensity_from propensity_to"),
        *_columns("share", "probability", "probability_society probability_purse"),
        *_columns("share", "probability", "probability_observed probability_district"),
        *_columns("share", "probability", "p_value p_holm p_trend"),
        # Money.
        *_columns("money", "money", "cost icer free_budget downside added_value receives"),
        *_columns("money", "money", "deepest deepest_lower deepest_upper value_at_low swing"),
        *_columns("money", "money", "value_at_high paid_now paid_proposed"),
        *_columns("money", "money", "cost_now cost_planned"),
        *_columns("money", "money", "net_benefit net_public_cost worth_of_knowing trial_worth"),
        *_columns("money", "money", "district_result district_lower district_upper"),
        *_columns("money", "money", "rest_district rest_purse rest_society"),
        *_columns("money", "money", "own_programme"),
        *_columns("money", "money per month", "displaced_district displaced_purse"),
        *_columns("money", "money per month", "displaced_society"),
        *_columns("money", "money per place and month", "price_per_month cost_per_filled_place"),
        *_columns("money", "money per place and month", "cost_at_full_use marginal_cost"),
        *_columns("money", "money per start", "price_per_start shadow_price"),
        *_columns("number", "money per unit of money", "krona_price per_krona"),
    )
)
