"""A second opinion: dataframely, given the same rules by hand, counts the same failures on random
data.
"""

from datetime import date

import dataframely as dy
import numpy as np
import polars as pl
import pytest

N_ROWS = 3000
FIRST, THROUGH = date(2026, 1, 1), date(2026, 12, 1)
ACROSS = {"key_not_repeated", "key_not_contradicted", "household_has_members"}


class Payments(dy.Schema):
    """The contract of income_support as dataframely says it, without its key."""

    household_id = dy.String(nullable=False)
    month = dy.Date(nullable=False, min=FIRST, max=THROUGH)
    district = dy.String(nullable=False, check=lambda column: column.is_in(["Norr", "Söder"]))
    amount = dy.Float64(nullable=True, min=0)
    currency = dy.String(nullable=True, regex="^[A-Z]{3}$")

    @dy.rule()
    def month_is_first_day(cls) -> pl.Expr:
        return cls.month.col.dt.day() == 1

    @dy.rule()
    def amount_has_currency(cls) -> pl.Expr:
        return cls.amount.col.is_null() == cls.currency.col.is_null()


OURS = {
    "household_id|nullability": "household_id_given",
    "month|nullability": "month_given",
    "month|min": "month_in_extract",
    "month|max": "month_in_extract",
    "district|nullability": "district_given",
    "district|check": "district_known",
    "amount|min": "only_recoveries_are_negative",
    "currency|regex": "currency_has_form",
    "month_is_first_day": "month_is_first_day",
    "amount_has_currency": "amount_has_currency",
}


@pytest.fixture(params=[1, 2, 3])
def payments(request) -> pl.DataFrame:
    rng = np.random.default_rng(request.param)
    months = [date(2026, m, 1) for m in range(1, 13)] + [
        date(2025, 12, 1),
        date(2027, 1, 1),
        date(2026, 3, 15),
        None,
    ]
    shares = np.array([*[8.0] * 12, 1, 1, 1, 1])
    return pl.DataFrame(
        {
            "household_id": [None if rng.random() < 0.01 else f"H-{i}" for i in range(N_ROWS)],
            "month": [months[i] for i in rng.choice(len(months), N_ROWS, p=shares / shares.sum())],
            "district": rng.choice(["Norr", "Söder", "Väster"], N_ROWS, p=[0.6, 0.37, 0.03]),
            "amount": [
                None if rng.random() < 0.1 else float(rng.integers(-100, 9000))
                for _ in range(N_ROWS)
            ],
            "currency": [
                [None, "SEK", "kr"][i] for i in rng.choice(3, N_ROWS, p=[0.1, 0.87, 0.03])
            ],
        },
        schema_overrides={"month": pl.Date},
    )


def test_dataframely_counts_the_same_failures(extract, payments):
    payments.write_csv(extract.folder / "income_support.csv")

    ours = extract.admit(
        first_month=FIRST, data_through=THROUGH, max_rejected_share=1
    ).rejected.filter(table="income_support")
    _, failures = Payments.filter(payments)

    theirs: dict[str, int] = {}
    for rule, count in failures.counts().items():
        theirs[OURS[rule]] = theirs.get(OURS[rule], 0) + count
    counted = dict(ours.filter(~pl.col("rule").is_in(list(ACROSS))).group_by("rule").len().rows())
    assert counted == theirs
    assert len(theirs) == len(set(OURS.values())) - 1, "every rule but district_given fires"
