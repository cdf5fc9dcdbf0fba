"""A household's money stands once in the ledgers, however many of its adults take part."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_start import value_effects

from evalkit.economics.prices.households import household_parts, with_household_parts
from evalkit.errors import LedgerError

MONTH, SUPPORT = date(2020, 1, 1), 12_000.0
# Sums of a few shares of floats.
ROUNDING = 1e-9
SPLIT = {"person": "own", "other_household": "others", "other_participants": "elsewhere"}


def tables_of(households):
    """Tables of one month from the adults of each household: whether each takes part."""
    adults = [
        (f"H{h}", f"H{h}-{n}", takes_part)
        for h, members in enumerate(households)
        for n, takes_part in enumerate(members)
    ]
    income_support = pl.DataFrame(
        {
            "household_id": [f"H{h}" for h in range(len(households))],
            "month": MONTH,
            "amount": SUPPORT,
        }
    )
    members = pl.DataFrame(
        [(household, person, MONTH, "lead") for household, person, _ in adults]
        + [("H0", "H0-child", MONTH, "child")],
        schema=["household_id", "person_id", "month", "role"],
        orient="row",
    )
    episodes = pl.DataFrame(
        {"person_id": [person for _, person, takes_part in adults if takes_part]},
        schema={"person_id": pl.String},
    )
    return income_support, members, episodes


@pytest.fixture
def split_book(content, declare):
    """The small book with a household's support of 12 000 split three ways, no cost of public
    funds.
    """
    base = content["prices"][1]
    content["prices"] += [
        {**base, "key": key, "value": share}
        for key, share in zip(SPLIT.values(), (0.5, 0.5, 0), strict=True)
    ]
    for price in content["prices"]:
        price["value"] = {"benefit": SUPPORT, "burden": 0}.get(price["key"], price["value"])
    content["appraisal"]["household_split"] = SPLIT
    own = next(posting for posting in content["postings"] if posting["posting"] == "benefits")
    own["amount"] = "benefit * own"
    content["postings"].append(
        {
            **own,
            "posting": "benefits_others",
            "received_by": "other_household",
            "amount": "benefit * others",
        }
    )
    return declare(content)


def posted(book, effect_draws):
    """What the district, the person and the other household gain by the support of one participant
    with a month less of it.
    """
    one_less = (
        pl.when(pl.col("state") == "work")
        .then(pl.col("arm") == "treated")
        .when(pl.col("state") == "support")
    )
    shares = one_less.then(pl.col("arm") == "comparison").otherwise(False).cast(pl.Float64)
    draws = effect_draws.filter(
        (pl.col("district") == "Harbour") & (pl.col("month") <= 1)
    ).with_columns(
        pl.when(pl.col("month") == 1)
        .then(shares)
        .otherwise((pl.col("state") == "support").cast(pl.Float64))
        .alias("probability")
    )
    values = value_effects(draws, book, seed=1).filter(
        pl.col("posting").cast(pl.String).str.starts_with("benefits") & (pl.col("draw") == 0)
    )
    return dict(values.group_by("actor").agg(pl.col("amount").sum()).iter_rows())


def test_a_couple_of_whom_one_takes_part_loses_its_support_once(split_book, effect_draws):
    book = with_household_parts(split_book, household_parts(*tables_of([[True, False]])))

    assert posted(book, effect_draws) == pytest.approx(
        {"district": 12_000, "person": -6_000, "other_household": -6_000}
    )


def test_a_couple_of_whom_both_take_part_loses_its_support_once_over_both_ledgers(
    split_book, effect_draws
):
    book = with_household_parts(split_book, household_parts(*tables_of([[True, True]])))

    # Each of the two ledgers holds half: the district saves 12 000 over both, not 24 000.
    assert posted(book, effect_draws) == pytest.approx(
        {"district": 6_000, "person": -6_000, "other_household": 0}
    )


def test_household_parts_by_hand():
    # Four participants: one single, one whose partner does not take part, and a couple; the last
    # household has no participant.
    parts = household_parts(*tables_of([[True], [True, False], [True, True], [False, False]]))

    assert parts == pytest.approx(((1 + 0.5 + 0.5 + 0.5) / 4, 0.5 / 4, (0.5 + 0.5) / 4, 3))


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=4), min_size=1, max_size=8))
@settings(max_examples=40)
def test_what_is_posted_over_all_participants_is_what_their_households_got(households):
    parts = household_parts(*tables_of(households))

    n_participants, n_households = (
        sum(map(sum, households)),
        sum(any(members) for members in households),
    )
    if parts is None:
        assert n_participants == 0
    else:
        assert sum(parts[:3]) == pytest.approx(1, abs=ROUNDING)
        assert n_participants * (parts.person + parts.other_household) == pytest.approx(
            n_households, abs=ROUNDING
        )


def test_an_unpaid_month_has_no_part():
    income_support, members, episodes = tables_of([[True]])

    assert household_parts(income_support.with_columns(amount=0.0), members, episodes) is None


def test_a_split_between_unknown_parts_is_refused(content, declare):
    content["appraisal"]["household_split"] = {"person": "fee", "other_participant": "some"}

    with pytest.raises(LedgerError) as fault:
        declare(content)

    assert fault.value.what == "A household split that does not add up: 2."
    assert fault.value.where.startswith(
        'small.yaml: household_split, other_participant (did you mean "other_participants"?)'
    )
    assert fault.value.why and fault.value.fix
