"""Quantiles of Kaplan-Meier curves with limits against R survival (km_mgus2, spells_mvad): equal,
not close.
"""

import polars as pl
import pytest

from evalkit.survival import survival_quantiles

COLUMNS = {"estimate": "estimate", "ci_lower": "lower", "ci_upper": "upper"}


@pytest.mark.parametrize("conf_type", ["log", "log-log", "plain"])
@pytest.mark.parametrize(
    ("case", "arguments"),
    [
        ("unweighted", {}),
        ("weighted_model_se", {"weight": "w", "variance": "greenwood"}),
        ("left_truncated_age", {"time": "exit_am", "entry": "entry_am"}),
    ],
)
def test_quantiles_and_limits_equal_those_of_r(case, arguments, conf_type, mgus2, reference):
    expected = reference("km_mgus2")[case]
    limits = expected["quantiles"][conf_type.replace("-", "")]

    result = survival_quantiles(
        mgus2,
        event="death",
        shares=expected["quantile_probs"],
        conf_type=conf_type,
        **{"time": "futime"} | arguments,
    )

    assert {name: result[name].to_list() for name in COLUMNS} == {
        ours: limits[theirs] for ours, theirs in COLUMNS.items()
    }


@pytest.mark.parametrize("region", ["Belfast", "N.Eastern", "S.Eastern", "Southern", "Western"])
def test_quantiles_by_area_equal_those_of_r(region, first_spells, reference):
    expected = reference("spells_mvad")["first_spell_by_region_weighted"][region]["km_any_exit"]
    limits = expected["quantiles"]["log"]

    result = survival_quantiles(
        first_spells,
        time="length",
        event="any",
        cluster="person_id",
        weight="weight",
        by=["region"],
        shares=expected["quantile_probs"],
    ).filter(pl.col("region") == region)

    assert {name: result[name].to_list() for name in COLUMNS} == {
        ours: limits[theirs] for ours, theirs in COLUMNS.items()
    }
