import polars as pl

from evalkit.effects import beside_truth


def test_beside_truth_says_whether_the_range_holds_it(world):
    summary = pl.DataFrame(
        {
            "intervention_id": "course",
            "estimand": "start_now_rather_than_wait",
            "outcome": ["months_work", "months_support"],
            "difference": [1.0, -1.0],
            "ci_lower": [0.5, -1.5],
            "ci_upper": [1.5, -0.5],
        }
    )
    months = pl.DataFrame(
        {
            "intervention_id": "course",
            "district": "all",
            "district_basis": "time_zero",
            "population": "starters",
            "comparison": "wait",
            "horizon_months": 2,
            "outcome": ["work", "support"],
            "difference": [0.8, 0.3],
            "mc_std_error": [0.1, 0.1],
        }
    )

    table = beside_truth(summary, months, world.protocol())

    assert dict(table.select("outcome", "is_covered").iter_rows()) == {
        "months_work": True,
        "months_support": False,
    }
