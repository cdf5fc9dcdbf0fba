from evalkit import charts
from evalkit.charts.look.svg import to_svg
from evalkit.line.looks import GROUP_LOOKS


def test_group_curves_draws_a_panel_for_each_characteristic(made_tables, english):
    svg = to_svg(charts.group_curves(made_tables["group_curves-belfast"], english), english)

    assert all(
        text in svg
        for text in ("Women", "Men", "Under 25", "25–34", "35 or older", "by sex", "by age")
    )
    assert "by obstacle" not in svg
    # Every panel has colours of its own: the third age is told from the first.
    assert svg.count(GROUP_LOOKS[2].colour) >= 2


def test_exit_rates_leaves_a_gap_where_a_period_is_not_shown(made_tables, english):
    chart = charts.exit_rates(made_tables["exit_rates-belfast"], english).to_dict(validate=False)

    lines = [rows for rows in chart["datasets"].values() if "estimate" in rows[0]]
    assert [[row["month"] for row in rows if row["estimate"] is None] for rows in lines] == [
        [6, 7, 8, 9, 10, 11]
    ]


def test_show_sets_the_sentence_below_the_chart(made_tables, english):
    table = made_tables["exit_rates-belfast"]
    shown = charts.show(charts.exit_rates, table, english, caption="The rate falls.")

    assert shown._repr_html_().endswith("</details>\n<p>The rate falls.</p>")
