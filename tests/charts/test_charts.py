"""What each chart draws, read from its Vega-Lite specification."""

import polars as pl
import pytest

from evalkit.charts import (
    district_comparison,
    effect_months,
    exit_curves,
    states,
    value_acceptability,
    value_by_actor,
    value_curve,
    value_summary,
    value_tornado,
)
from evalkit.charts.families.curves import most_common
from evalkit.charts.look.ranges import RangeRow, range_chart
from evalkit.charts.look.svg import to_svg
from evalkit.charts.look.theme import finish
from evalkit.disclosure import protect_estimates
from evalkit.errors import ParameterError


def _values(chart, column):
    """All values of a column in the data of a chart's layers, in order."""
    whole = chart.to_dict()
    found = []

    def walk(part):
        if isinstance(part, dict):
            if isinstance(part.get("data"), dict):
                rows = part["data"].get("values") or whole["datasets"][part["data"]["name"]]
                found.extend(row[column] for row in rows if column in row)
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for item in part:
                walk(item)

    walk(whole)
    return list(dict.fromkeys(found))


def test_exit_curves_draws_what_is_published(make, english):
    table = make["exit_curves"]()

    drawn = set(_values(exit_curves(table, english), "estimate"))

    assert drawn == {*table.data["estimate"].drop_nulls().to_list()}


def test_the_most_common_lines_alone_are_drawn_where_more_cannot_be_told_apart():
    shares = {"work": 0.4, "studies": 0.2, "unknown": 0.1, "pension": 0.03, "out": 0.02, "a": 0.01}
    rows = pl.DataFrame(
        [(name, month, share * month) for name, share in shares.items() for month in (1, 2)],
        schema=["series", "month", "estimate"],
        orient="row",
    )

    assert most_common(rows)["series"].unique(maintain_order=True).to_list() == list(shares)[:-1]


def test_exit_curves_refuses_two_districts_as_one(make, english):
    table = make["district_comparison"]()

    with pytest.raises(ParameterError) as caught:
        exit_curves(table, english)

    lines = str(caught.value).splitlines()
    assert lines[0] == "The chart exit_curves was handed several series to draw as one."
    assert lines[1] == "  where: columns with more than one value: district"
    assert lines[2].startswith("  why:   It shows one district")
    assert lines[3] == '  fix:   choose first, for example table.where(district="...").'


def test_states_draws_every_month_of_every_state(make, english):
    table = make["states"](n=70)

    chart = states(table, english)

    assert set(_values(chart, "month")) >= set(range(73))
    assert chart.to_dict()["title"] == ["Share of all people"]


def test_effect_months_puts_work_first_whatever_the_size(make, english):
    assert _values(effect_months(make["effect_months"](), english), "label") == [
        "Work",
        "Studies",
        "Labour-market training",
        "On income support",
    ]


def test_effect_months_writes_the_difference_with_its_range(make, swedish):
    assert (
        _values(effect_months(make["effect_months"](), swedish), "value")[0]
        == "+1,3 (−0,9 till 3,4)"
    )


def test_value_by_actor_draws_the_sums_of_actors(make, english):
    assert _values(value_by_actor(make["value_by_actor"](), english), "label") == [
        "The person",
        "The district",
        "The Public Employment Service",
        "The state",
        "The employer",
    ]


def test_value_by_actor_draws_postings_where_there_are_no_sums(make, english):
    assert (
        _values(value_by_actor(make["value_by_actor"](posting="wage"), english), "label")[0]
        == "The person: wage"
    )


def test_value_by_actor_leaves_out_the_range_of_a_fixed_amount(make, english):
    assert "−260" in _values(value_by_actor(make["value_by_actor"](), english), "value")


def test_value_summary_names_the_probability(make, english):
    assert (
        _values(value_summary(make["value_summary"](), english), "note")[0]
        == "probability above zero: 67%"
    )


def test_value_curve_draws_three_perspectives_around_zero(make, english):
    chart = value_curve(make["value_curve"](), english)

    assert _values(chart, "perspective") == ["municipality", "public_purse", "society"]
    assert _values(chart, "at") == [0]
    assert max(_values(chart, "month")) == 36


def test_value_curve_refuses_two_districts_as_one(make, english):
    both = pl.concat(
        [
            make["value_curve"](district).data.drop("row_id", "status")
            for district in ("all", "Belfast")
        ]
    )
    keys, values = (
        ["district", "intervention_id", "estimand", "perspective", "month"],
        ["estimate", "ci_lower", "ci_upper", "currency"],
    )
    about = {"unit": "money", "source": "made up", "grade": "L"}

    with pytest.raises(ParameterError):
        value_curve(
            protect_estimates(
                both, name="value_curve", keys=keys, values=values, n_persons=None, **about
            ),
            english,
        )


def test_value_tornado_has_the_widest_on_top_under_the_prices_names(make, english):
    chart = value_tornado(make["value_tornado"](), english, make["prices"]())

    assert _values(chart, "label") == ["The effect itself", "Gross wage", "Discount rate"]
    assert _values(chart, "value") == ["−6,000 → +14,000", "+2,000 → +9,000", "+5,200 → +4,100"]


def test_value_acceptability_draws_doing_nothing_beside_the_interventions(make, english):
    chart = value_acceptability(make["value_acceptability"](), english)

    assert {label.replace("\n", " ") for label in _values(chart, "label")} == {
        "No intervention",
        "Labour-market training",
    }
    assert max(_values(chart, "probability")) == 0.9


def test_charts_of_sensitivity_refuse_two_districts_as_one(make, english):
    both = pl.concat(
        [
            make["value_tornado"](district).data.drop("row_id", "status")
            for district in ("all", "Belfast")
        ]
    )
    keys, values = (
        ["district", "intervention_id", "estimand", "perspective", "parameter"],
        ["value_at_low", "value_at_high", "swing", "currency"],
    )
    about = {"unit": "money", "source": "made up", "grade": "L"}

    with pytest.raises(ParameterError):
        value_tornado(
            protect_estimates(
                both, name="value_tornado", keys=keys, values=values, n_persons=None, **about
            ),
            english,
            make["prices"](),
        )


def test_district_comparison_stands_in_alphabetical_order(make, english):
    assert _values(district_comparison(make["district_comparison"](), english), "label") == [
        "All districts",
        "Belfast",
        "N.Eastern",
        "S.Eastern",
        "Southern",
        "Western",
    ]


def test_district_comparison_shows_the_horizon_asked_for(make, english):
    assert (
        _values(
            district_comparison(make["district_comparison"](), english, horizon_months=12),
            "estimate",
        )[0]
        == 4.9
    )


def test_estimates_without_any_range_are_drawn_as_points(english):
    rows = [RangeRow(name, "1.0", 1.0, None, None, "#123456") for name in ("Norr", "Söder")]

    svg = to_svg(
        finish(range_chart(rows, x_title="months", axis_labels="datum.value"), "Months"), english
    )

    assert "Norr" in svg and "Söder" in svg and "NaN" not in svg


def test_labels_of_an_axis_are_never_cut_off(english):
    label = "a label of an axis that is much wider than the room others leave it"
    rows = [RangeRow("Norr", "1.0", 1.0, 0.5, 1.5, "#123456")]

    svg = to_svg(
        finish(range_chart(rows, x_title="months", axis_labels=f"'{label}'"), "Months"), english
    )

    assert label in svg and "…" not in svg
