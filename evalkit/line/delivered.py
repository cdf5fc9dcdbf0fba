"""The delivered tables: columns, types and keys of everything that a sender may hand over, as it
stands after the contracts.

The first six carry the main job; the others light up their part of the reports when they are
delivered. A column that was not delivered is there and empty.
"""

import polars as pl

from evalkit.line.table_schema import TableSchema

DELIVERED: tuple[TableSchema, ...] = (
    TableSchema(
        "person",
        {
            "person_id": pl.String,
            "district": pl.String,
            "birth_year": pl.Int32,
            "sex": pl.String,
            "weight": pl.Float64,
            "education": pl.String,
            "origin": pl.String,
            "years_in_country": pl.Int32,
            "target_groups": pl.String,
        },
        ("person_id",),
        True,
        open_columns=True,
    ),
    TableSchema(
        "income_support",
        {
            "household_id": pl.String,
            "month": pl.Date,
            "district": pl.String,
            "amount": pl.Float64,
            "currency": pl.String,
            "month_paid": pl.Date,
            "household_type": pl.String,
            "n_children": pl.Int32,
            "exit_reason": pl.String,
            "support_since": pl.Date,
        },
        (
            "household_id",
            "month",
        ),
        True,
    ),
    TableSchema(
        "household_member",
        {
            "household_id": pl.String,
            "person_id": pl.String,
            "month": pl.Date,
            "role": pl.String,
            "support_obstacle": pl.String,
            "obstacle_detail": pl.String,
        },
        (
            "household_id",
            "person_id",
            "month",
        ),
        True,
    ),
    TableSchema(
        "intervention",
        {
            "intervention_id": pl.String,
            "name": pl.String,
            "kind": pl.String,
            "planned_months": pl.Int32,
            "ladder_step": pl.Int32,
            "content": pl.String,
            "target_groups": pl.String,
            "provider_district": pl.String,
        },
        ("intervention_id",),
        False,
    ),
    TableSchema(
        "participation",
        {
            "person_id": pl.String,
            "intervention_id": pl.String,
            "start": pl.Date,
            "end": pl.Date,
            "planned_end": pl.Date,
            "provider_district": pl.String,
            "hours_per_week": pl.Float64,
            "home_district": pl.String,
            "referral": pl.String,
            "end_reason": pl.String,
            "responsible_role": pl.String,
        },
        (
            "person_id",
            "intervention_id",
            "start",
        ),
        True,
    ),
    TableSchema(
        "livelihood",
        {
            "person_id": pl.String,
            "start": pl.Date,
            "end": pl.Date,
            "state": pl.String,
        },
        (
            "person_id",
            "start",
        ),
        True,
    ),
    TableSchema(
        "capacity",
        {
            "intervention_id": pl.String,
            "month": pl.Date,
            "places": pl.Int32,
            "fixed_cost": pl.Float64,
            "variable_cost": pl.Float64,
            "currency": pl.String,
            "price_year": pl.Int32,
        },
        (
            "intervention_id",
            "month",
        ),
        False,
    ),
    TableSchema(
        "assessment",
        {
            "person_id": pl.String,
            "date": pl.Date,
            "life_area": pl.String,
            "rating_share": pl.Float64,
            "method": pl.String,
        },
        (
            "person_id",
            "date",
            "life_area",
        ),
        True,
    ),
    TableSchema(
        "follow_up",
        {
            "person_id": pl.String,
            "intervention_id": pl.String,
            "date": pl.Date,
            "attendance_share": pl.Float64,
            "physical_ability": pl.Int32,
            "mental_ability": pl.Int32,
            "social_ability": pl.Int32,
            "self_rating": pl.Int32,
            "manages_participation": pl.Int32,
            "manages_travel": pl.Int32,
            "has_no_active_abuse": pl.Int32,
            "handles_conflict": pl.Int32,
            "is_motivated": pl.Int32,
            "responsible_role": pl.String,
        },
        (
            "person_id",
            "intervention_id",
            "date",
        ),
        True,
    ),
    TableSchema(
        "plan",
        {
            "person_id": pl.String,
            "intervention_id": pl.String,
            "kind": pl.String,
            "date": pl.Date,
            "has_aim": pl.Int32,
            "has_goals": pl.Int32,
            "has_tasks": pl.Int32,
            "has_own_view": pl.Int32,
        },
        (
            "person_id",
            "intervention_id",
            "kind",
            "date",
        ),
        True,
    ),
    TableSchema(
        "account",
        {
            "district": pl.String,
            "year": pl.Int32,
            "posting_id": pl.String,
            "side": pl.String,
            "account_code": pl.String,
            "activity_code": pl.String,
            "cost_area": pl.String,
            "amount": pl.Float64,
            "currency": pl.String,
        },
        (
            "district",
            "year",
            "posting_id",
        ),
        False,
    ),
    TableSchema(
        "population",
        {
            "district": pl.String,
            "year": pl.Int32,
            "sex": pl.String,
            "age_group": pl.String,
            "n_persons": pl.Int32,
        },
        (
            "district",
            "year",
            "sex",
            "age_group",
        ),
        False,
    ),
    TableSchema(
        "need",
        {
            "district": pl.String,
            "month": pl.Date,
            "need": pl.String,
            "n_persons": pl.Int32,
        },
        (
            "district",
            "month",
            "need",
        ),
        False,
    ),
    TableSchema(
        "outreach",
        {
            "district": pl.String,
            "month": pl.Date,
            "target_group": pl.String,
            "n_known": pl.Int32,
            "n_reached": pl.Int32,
            "n_entered": pl.Int32,
        },
        (
            "district",
            "month",
            "target_group",
        ),
        False,
    ),
    TableSchema(
        "action",
        {
            "district": pl.String,
            "action_id": pl.String,
            "theme": pl.String,
            "start": pl.Date,
            "end": pl.Date,
            "status": pl.String,
            "amount": pl.Float64,
            "currency": pl.String,
        },
        (
            "district",
            "action_id",
        ),
        False,
    ),
)
