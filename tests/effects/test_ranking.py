import numpy as np
import polars as pl
import pytest

from evalkit.effects import shrink
from evalkit.effects.districts.ranking import district_ranks, posterior_draws

N_ERRORS = 4
N_DRAWS = 200


def _draws(arms, values, errors, seed=1):
    """Effect draws of districts with these months in work, and of the city, over one month."""
    rng = np.random.default_rng(seed)
    names = [f"d{place:02d}" for place in range(len(values))]
    rows = []
    city = np.mean(values)
    for name, value, error in [*zip(names, values, errors, strict=True), ("all", city, 0.01)]:
        for draw in range(N_DRAWS + 1):
            work = 0.4 + value + (error * rng.normal() if draw else 0)
            for arm, share in (("treated", work), ("comparison", 0.4)):
                rows += [(name, draw, arm, "work", share), (name, draw, arm, "support", 1 - share)]
    table = pl.DataFrame(
        rows, schema=["district", "draw", "arm", "state", "probability"], orient="row"
    ).with_columns(
        intervention_id=pl.lit("course"),
        protocol_hash=pl.lit("h"),
        estimand=pl.lit("now"),
        subgroup=pl.lit("all"),
        source=pl.lit("raw"),
        month=pl.lit(1),
    )
    return pl.concat([table, shrink(table, primary_outcome="work", seed=1)])


def test_chances_of_being_best_sum_to_one_and_equal_districts_share_them(arms):
    ranks = district_ranks(
        _draws(arms, [0.1] * 4, [0.05] * 4), arms.protocol(follow_up_months=1), seed=1
    )

    assert ranks["probability_best"].sum() == pytest.approx(1)
    assert ranks["probability_best"].to_list() == pytest.approx([0.25] * 4, abs=0.05)
    assert ranks.select("rank_lower", "rank_upper").unique().row(0) == (1, 4)


def test_a_district_that_stands_out_is_ranked_first(arms):
    ranks = district_ranks(
        _draws(arms, [0.4, 0.1, 0.1, 0.1], [0.01] * 4), arms.protocol(follow_up_months=1), seed=1
    )

    first = ranks.row(0, named=True)
    assert (first["district"], first["rank"], first["rank_upper"]) == ("d00", 1, 1)
    assert first["probability_best"] > 0.99


def test_a_small_districts_raw_lead_is_no_lead(arms):
    """The district with the highest raw effect is so uncertain that another one is as likely to be
    best.
    """
    ranks = district_ranks(
        _draws(arms, [0.3, 0.2, 0.1, 0.0, 0.1], [0.4, 0.02, 0.02, 0.02, 0.02]),
        arms.protocol(follow_up_months=1),
        seed=1,
    )

    first, second = ranks.row(0, named=True), ranks.row(1, named=True)
    assert first["raw"] > second["raw"]
    assert first["reliability"] < 0.2 < second["reliability"]
    assert first["rank_upper"] - first["rank_lower"] >= 3
    assert first["probability_best"] < second["probability_best"]


def test_posterior_ranges_cover_the_truth():
    covered, n = 0, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        true, error = rng.normal(1, 0.5, 8), rng.uniform(0.2, 0.8, 8)
        draws, _ = posterior_draws(
            true + error * rng.normal(size=8), error**2, seed=seed, n_draws=400
        )
        low, high = np.quantile(draws, [0.025, 0.975], axis=0)
        covered += ((true > low) & (true < high)).sum()
        n += 8

    assert covered / n == pytest.approx(0.95, abs=N_ERRORS * np.sqrt(0.95 * 0.05 / n))


def test_districts_that_were_not_pooled_are_not_ranked(arms):
    raw = _draws(arms, [0.1] * 4, [0.05] * 4).filter(pl.col("source") == "raw")

    assert district_ranks(raw, arms.protocol(follow_up_months=1), seed=1).is_empty()


def _standardised(values, n_refused=0):
    rng = np.random.default_rng(2)
    rows = [
        (f"d{place:02d}", draw, value + (0.01 * rng.normal() if draw else 0), None)
        for place, value in enumerate(values)
        for draw in range(50)
    ]
    rows += [
        (f"d{len(values) + place:02d}", 0, None, "few_comparable") for place in range(n_refused)
    ]
    return pl.DataFrame(
        rows,
        schema=["district", "draw", "difference", "reason"],
        orient="row",
        infer_schema_length=None,
    )


def test_ranks_are_those_of_the_standardised_effects(arms):
    """d00 leads with its own people, d01 with the city's; d03 lacks such people and has no rank."""
    draws = _draws(arms, [0.4, 0.1, 0.1, 0.1], [0.01] * 4)

    ranks = district_ranks(
        draws,
        arms.protocol(follow_up_months=1),
        seed=1,
        standardised=_standardised([0.1, 0.4, 0.2], 1),
    )

    assert ranks["rank"].to_list() == [3, 1, 2, None]
    assert ranks["standardised_to"].to_list() == ["city_eligible"] * 3 + ["own_starters"]
    assert ranks["n_districts"].to_list() == [3] * 4
    assert ranks["raw"].to_list() == pytest.approx([0.4, 0.1, 0.1, 0.1])


def test_ranks_say_that_they_are_about_own_starters_where_few_districts_could_be_standardised(arms):
    draws = _draws(arms, [0.4, 0.1, 0.1, 0.1], [0.01] * 4)

    ranks = district_ranks(
        draws, arms.protocol(follow_up_months=1), seed=1, standardised=_standardised([0.1, 0.4], 2)
    )

    assert ranks["rank"][0] == 1
    assert set(ranks["standardised_to"]) == {"own_starters"}
    assert ranks["standardised"].null_count() == 4
