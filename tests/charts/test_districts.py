import polars as pl
import pytest

from evalkit import charts
from evalkit.charts.look.svg import to_svg
from evalkit.disclosure import protect_estimates
from evalkit.errors import ParameterError


def _texts(svg):
    return " ".join(part.split("<")[0] for part in svg.split(">"))


def test_funnel_names_the_districts_outside_and_no_others(make, english):
    svg = _texts(to_svg(charts.funnel(make["funnel"](), english), english))

    assert "Western" in svg and "Belfast" not in svg and "Southern" not in svg


def test_naive_and_corrected_show_the_naive_share_beside_the_difference(make, english):
    svg = _texts(
        to_svg(charts.naive_and_corrected(make["naive_and_corrected"](), english), english)
    )

    assert "71%" in svg and "2% (−8% to 12%)" in svg


def test_ranks_stand_in_alphabetical_order_with_their_range(make, english):
    svg = _texts(to_svg(charts.district_ranks(make["district_ranks"](), english), english))

    assert svg.index("Belfast") < svg.index("Southern") < svg.index("Western")
    assert svg.count("rank 1 to 3 of 3") == 3
    assert svg.count("no rank") == 1


def test_overlap_draws_three_series(make, english):
    svg = _texts(to_svg(charts.overlap(make["overlap"](), english), english))

    assert all(
        words in svg for words in ("those who started", "before weighting", "after weighting")
    )


@pytest.mark.parametrize("chart", ["naive_and_corrected", "overlap"])
def test_a_chart_of_one_district_refuses_several(chart, make, english):
    with pytest.raises(ParameterError, match="several series"):
        getattr(charts, chart)(_both(chart, make), english)


def _both(chart, make):
    """A published table of two districts."""
    rows = pl.concat([make[chart](district).data for district in ("all", "Belfast")]).drop(
        "row_id", "status"
    )
    keys = [
        column
        for column in ("district", "intervention_id", "estimand", "reading", "bin")
        if column in rows.columns
    ]
    values = [column for column in rows.columns if column not in keys]
    return protect_estimates(
        rows,
        name=chart,
        keys=keys,
        values=values,
        n_persons=None,
        unit="share",
        source="made up",
        grade="L",
    )
