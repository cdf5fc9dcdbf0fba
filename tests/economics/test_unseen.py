"""Value where nobody knows what people live on, by hand: a start that saves one month of support at
1 000 and takes one month in a place at 500 is worth 500 to the district, and nothing else is said.
"""

import numpy as np
import polars as pl
import pytest
from one_start import displacement_sensitivity, value_by_group, value_effects, value_results

from evalkit.economics.results.advice_table import advice_table
from evalkit.line.actors import SEEN_WITHOUT_LIVELIHOOD
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.tables import published, table
from evalkit.run_rules import AdviceRules

WAIT = ESTIMANDS["wait"]
UNSEEN = ("coaching",)
MONTHS = range(4)
# Share on support by month: the treated leave in month 3, the comparison stays. What they live on
# then is not known; that some of them are seen to work, by a reason for leaving, changes nothing.
TREATED, COMPARISON = (1.0, 1.0, 1.0, 0.0), (1.0, 1.0, 1.0, 1.0)
SEEN_TO_WORK = 0.25


def draws_of(intervention="coaching", districts=("Harbour", "all")):
    """One point estimate and two replicates, in which 0.8 and 1.2 times as many leave."""
    rows = [
        (district, intervention, "abc", WAIT, "all", "raw", draw, arm, state, month, share)
        for district in districts
        for draw, factor in enumerate((1.0, 0.8, 1.2))
        for arm, on_support in (("treated", TREATED), ("comparison", COMPARISON))
        for month in MONTHS
        for left in (min(1.0, factor * 0.8 * (1 - on_support[month])),)
        for state, share in (
            ("support", 1 - left),
            ("work", SEEN_TO_WORK * left),
            ("unknown", (1 - SEEN_TO_WORK) * left),
        )
    ]
    return pl.DataFrame(rows, schema=table("effect_draws").schema, orient="row")


@pytest.fixture
def unseen_book(content, declare):
    """Support at 1 000 a month and a place at 500, both paid by the district."""
    content["livelihoods"].append({"state": "unknown", "paid_by": None})
    for price in content["prices"]:
        price["value"] = {"benefit": 1000, "place": 500}.get(price["key"], price["value"])
    content["postings"] = [one for one in content["postings"] if one["posting"] != "referrals"]
    place = next(one for one in content["postings"] if one["posting"] == "places")
    place.update(driver="programme_months", state=None, arms=["treated", "comparison"])
    place["role"] = "programme_cost"
    return declare(content)


def amounts(values, draw):
    of_draw = values.filter(pl.col("draw") == draw, pl.col("district") == "Harbour")
    return dict(of_draw.select("posting", "amount").iter_rows())


def test_support_and_places_are_posted_to_the_district_alone(unseen_book):
    values = value_effects(draws_of(), unseen_book, seed=1, without_livelihood=UNSEEN)

    assert values["actor"].unique().cast(pl.String).to_list() == list(SEEN_WITHOUT_LIVELIHOOD)
    assert amounts(values, 0) == pytest.approx({"benefits": 800, "places": -500})
    assert amounts(values, 1) == pytest.approx({"benefits": 640, "places": -500})


def test_work_that_is_seen_by_chance_is_posted_only_where_livelihoods_are_known(unseen_book):
    known = value_effects(draws_of(), unseen_book, seed=1)

    assert amounts(known, 0)["wages"] == pytest.approx(SEEN_TO_WORK * 800)


def test_what_is_posted_is_what_the_whole_ledger_posts_to_the_district_for_the_same(
    many_draws, rich_book
):
    whole = value_effects(many_draws, rich_book, seed=1, horizon_months=36)

    seen = value_effects(
        many_draws, rich_book, seed=1, horizon_months=36, without_livelihood=("training",)
    )

    kept = whole.filter(
        pl.col("actor") == "district", pl.col("posting").is_in(["benefits", "referrals"])
    )
    assert seen.height == kept.height > 0
    assert seen["amount"].to_list() == kept["amount"].to_list()


def test_sums_are_those_of_the_district_and_none_is_nought(unseen_book):
    results = value_results(draws_of(), unseen_book, seed=1, without_livelihood=UNSEEN)

    harbour = {
        name: rows.filter(pl.col("district") == "Harbour")
        for name, rows in results.tables.items()
        if "district" in rows.columns
    }
    parts = harbour["parts"].filter(part="total").row(0, named=True)
    assert parts["perspective"] == "district"
    assert parts["estimate"] == pytest.approx(300)
    assert harbour["payers"].select("payer", "estimate").rows() == [("district", 300)]
    assert harbour["curve"]["perspective"].unique().to_list() == ["district"]
    assert harbour["payback"]["return_month"].to_list() == [3]
    purse = harbour["purse"].row(0, named=True)
    assert (purse["estimate"], purse["paid_now"]) == (pytest.approx(800), pytest.approx(500))
    assert purse["gain_share"] is purse["paid_proposed"] is None
    assert harbour["ratios"].select("measure", "estimate").rows() == [
        ("net_value_per_cost_district", pytest.approx(300 / 500))
    ]
    for name in ("municipality", "options", "acceptability", "information", "totals"):
        assert harbour[name].is_empty(), name


def test_nothing_is_told_of_what_could_not_move_the_district_as_seen(unseen_book, content, declare):
    for key, ends in {"benefit": (500, 1500), "some": (0.0, 0.5), "wage": (500, 1500)}.items():
        price = next(one for one in content["prices"] if one["key"] == key)
        price["distribution"] = {"kind": "uniform", "low": ends[0], "high": ends[1]}

    results = value_results(draws_of(), declare(content), seed=1, without_livelihood=UNSEEN)

    harbour = results.tornado.filter(district="Harbour")
    swings = dict(harbour.select("parameter", "swing").iter_rows())
    # A krona more for support saves 0.8 kronor more; displacement and wages are not seen.
    assert swings == {"benefit": pytest.approx(800), "effect": pytest.approx(swings["effect"])}
    assert harbour["perspective"].unique().to_list() == ["district"]


def test_a_district_that_pays_no_support_has_no_sum(content, declare, unseen_book):
    support = next(one for one in content["postings"] if one["posting"] == "benefits")
    support["paid_by"] = "state"
    next(one for one in content["livelihoods"] if one["state"] == "support")["paid_by"] = "state"
    book = declare(content)

    results = value_results(draws_of(), book, seed=1, without_livelihood=UNSEEN)

    assert value_effects(draws_of(), book, seed=1, without_livelihood=UNSEEN).is_empty()
    assert all(rows.is_empty() for rows in results)


def test_nothing_is_displaced_or_put_on_groups_where_work_is_not_seen(unseen_book):
    given = {"seed": 1, "without_livelihood": UNSEEN}

    assert displacement_sensitivity(draws_of(), unseen_book, **given).is_empty()
    assert value_by_group(draws_of(), unseen_book, **given).is_empty()


def test_an_intervention_whose_livelihoods_are_known_is_valued_as_it_is_alone(unseen_book):
    seen = draws_of("training")
    both = pl.concat([draws_of(), seen])

    beside = value_results(both, unseen_book, seed=1, without_livelihood=UNSEEN)

    alone = value_results(seen, unseen_book, seed=1)
    for field, rows in beside.tables.items():
        kept = (
            rows.filter(intervention_id="training") if "intervention_id" in rows.columns else rows
        )
        assert kept.equals(getattr(alone, field)), field


def advised(district_probability, *, is_priced=True):
    """The advice of an unseen intervention that has a district's result, in a city of two."""
    districts = ("Harbour", "Hill", "all")
    keys = {"intervention_id": "coaching", "estimand": WAIT}
    status = [
        keys | {"district": name, "effect_state": "estimated", "n_starters": n, "pooling": "pooled"}
        for name, n in zip(districts, (150, 20, 170), strict=True)
    ]
    parts = [
        keys
        | {
            **{"district": name, "perspective": "district", "part": "total", "estimate": 300.0},
            **{"ci_lower": -100.0, "ci_upper": 700.0, "horizon_months": 36, "followed_months": 24},
            **{"probability_positive": district_probability, "currency": "SEK"},
        }
        for name in districts
        if district_probability is not None
    ]
    offers = pl.DataFrame(
        [{"district": name, "intervention_id": "coaching", "n_starts": 10.0} for name in districts]
    )
    return advice_table(
        offers,
        pl.DataFrame(status, schema=published("effect_status").schema),
        pl.DataFrame(parts, schema=published("value_parts").schema),
        totals=table("value_totals").empty(),
        second=table("second_totals").empty(),
        sizes=pl.DataFrame(
            schema={"intervention_id": pl.String, "size": pl.Float64, "detectable": pl.Float64}
        ),
        rules=AdviceRules(),
        is_priced=is_priced,
        unseen=UNSEEN,
    )


@pytest.mark.parametrize("probability", [0.01, 0.99])
def test_nothing_is_advised_and_the_district_s_result_stands(probability):
    rows = {row["district"]: row for row in advised(probability).iter_rows(named=True)}

    assert {name: (row["advice"], row["advice_reason"]) for name, row in rows.items()} == (
        dict.fromkeys(rows, ("cannot_be_said", "livelihood_unknown"))
    )
    assert {name: row["figures"] for name, row in rows.items()} == {
        "Harbour": "pooled",
        "Hill": "city_few_starters",
        "all": "pooled",
    }
    assert rows["Hill"]["district_result"] == 300.0
    assert [rows["Hill"][f"district_{end}"] for end in ("lower", "upper")] == [-100.0, 700.0]
    assert rows["Hill"]["probability_society"] is rows["Hill"]["worth_of_knowing"] is None


def test_the_reason_is_the_missing_price_book_where_there_is_none():
    unpriced = advised(None, is_priced=False)

    assert unpriced["advice_reason"].unique().to_list() == ["no_price_book"]
    assert advised(None)["advice_reason"].unique().to_list() == ["livelihood_unknown"]
    assert np.all(advised(None)["figures"].to_numpy() == "none")
