"""The ledger value behind a simulated city: what starting an intervention is worth to each actor, from the truth's own curves and plain sums.

Every posting of a price book is a price of a month in a state (or of a start) to whoever pays and whoever receives. So the value is the
difference between the arms in discounted months in each state, times those prices. The postings are read here anew from the book's content,
independently of the ledger that the truth is there to check.
"""

from collections.abc import Mapping, Sequence
from math import prod

import polars as pl

START = "start"
_SIGN_OF_ARM = {"treated": 1.0, "comparison": -1.0}
_NOBODY = "resources"
_COMPARISONS = ("wait", "never")
_KEYS = ("population", "intervention_id", "district", "district_basis")
_SUMS = ("public_purse", "society")


def state_month_prices(
    book: Mapping, *, public_purse: Sequence[str], intervention_id: str = "", displacement: str = "central"
) -> pl.DataFrame:
    """What a month in each state, and a start, is worth to each actor.

    Parameters
    ----------
    book : mapping
        A price book's content: prices, postings, appraisal, and, where it has them, interventions with prices of their own.
    public_purse : sequence of str
        The actors whose outlay has the cost of raising public money.
    intervention_id : str
        Whose own prices are used, where the book has such.
    displacement : str
        Which of the book's shares of displaced work applies.

    Returns
    -------
    DataFrame
        actor, arm (treated, comparison), state ("start": once, at time zero), amount (the book's currency and price year, a month; positive
        is gained).

    Raises
    ------
    ValueError
        If a posting has a driver that is not known here.
    """
    values, appraisal = _values(book, intervention_id), book["appraisal"]
    rate = values[appraisal["discount_rate"]]
    rows, burdens = [], []
    for posting in book["postings"]:
        if posting["driver"] == "net_public_outlay":
            burdens.append(posting)
            continue
        amount = _amount(posting["amount"], values) * (1 + rate) ** (-posting.get("delay_months", 0) / 12)
        if posting["driver"] == "displaced_months":
            shares = (appraisal.get("displacement_by_state") or {}).get(posting["state"], appraisal["displacement"])
            amount *= values[shares[displacement]]
        elif posting["driver"] not in ("state_months", START):
            raise ValueError(f"the driver {posting['driver']} of the posting {posting['posting']} is not known to the truth")
        is_start = posting["driver"] == START
        state = START if is_start else posting["state"]
        for arm in ("treated",) if is_start else posting.get("arms", tuple(_SIGN_OF_ARM)):
            rows += [(posting["paid_by"], arm, state, -amount), (posting["received_by"], arm, state, amount)]
    table = pl.DataFrame(rows, schema={"actor": pl.String, "arm": pl.String, "state": pl.String, "amount": pl.Float64}, orient="row")
    outlay = table.filter(pl.col("actor").is_in(public_purse)).group_by("arm", "state", maintain_order=True).agg(-pl.col("amount").sum())
    factor = values[appraisal["cost_of_public_funds"]]
    raised = [
        outlay.select(actor=pl.lit(posting[side]), arm="arm", state="state", amount=sign * factor * pl.col("amount"))
        for posting in burdens
        for side, sign in (("paid_by", -1.0), ("received_by", 1.0))
    ]
    # Everywhere here rows keep their order: the same prices are added in the same order and give the same bits.
    keys = ("actor", "arm", "state")
    kept = pl.concat([table, *raised]).filter(pl.col("actor") != _NOBODY)
    return kept.group_by(keys, maintain_order=True).agg(pl.col("amount").sum()).sort(keys)


def value_truth(
    curves: pl.DataFrame, book: Mapping, *, public_purse: Sequence[str], horizon_months: int, displacement: str = "central"
) -> pl.DataFrame:
    """What starting each intervention is truly worth to each actor, per participant.

    Parameters
    ----------
    curves : DataFrame
        `Truth.curves`: shares by arm, state and month.
    book, public_purse, displacement
        As in `state_month_prices`.
    horizon_months : int
        Months counted from time zero; month k is discounted from its middle.

    Returns
    -------
    DataFrame
        population, intervention_id, district, district_basis, comparison (wait, never), actor (also public_purse and society: sums),
        horizon_months, value (present value in the book's currency and price year), currency, price_year.
    """
    rate = _values(book, "")[book["appraisal"]["discount_rate"]]
    counted = curves.filter(pl.col("month").is_between(1, horizon_months))
    months = counted.group_by(*_KEYS, "arm", "state", maintain_order=True).agg(
        months=(pl.col("probability") * (1 + rate) ** (-(pl.col("month") - 0.5) / 12)).sum()
    )
    priced = [
        state_month_prices(book, public_purse=public_purse, intervention_id=name, displacement=displacement).with_columns(
            intervention_id=pl.lit(name)
        )
        for name in curves["intervention_id"].unique().sort()
    ]
    prices = pl.concat(priced).with_columns(pl.col("amount") * pl.col("arm").replace_strict(_SIGN_OF_ARM, return_dtype=pl.Float64))
    parts = [_of_comparison(months, prices, comparison) for comparison in _COMPARISONS]
    values = pl.concat([part for part in parts if part.height])
    by = [*_KEYS, "comparison"]
    sums = [
        values.filter(chosen).group_by(by, maintain_order=True).agg(pl.col("value").sum()).with_columns(actor=pl.lit(name))
        for name, chosen in zip(_SUMS, (pl.col("actor").is_in(public_purse), pl.lit(True)), strict=True)
    ]
    columns = [*by, "actor", "value"]
    return (
        pl.concat([part.select(columns) for part in (values, *sums)])
        .with_columns(horizon_months=pl.lit(horizon_months), currency=pl.lit(book["currency"]), price_year=pl.lit(book["price_year"]))
        .sort(*by, "actor")
    )


def _of_comparison(months: pl.DataFrame, prices: pl.DataFrame, comparison: str) -> pl.DataFrame:
    """Values against one comparison: the starts, and what each state's months differ by."""
    arms = {"treated": "treated", comparison: "comparison"}
    named = months.filter(pl.col("arm").is_in(list(arms))).with_columns(pl.col("arm").replace_strict(arms))
    once = named.select(_KEYS).unique(maintain_order=True).with_columns(arm=pl.lit("treated"), state=pl.lit(START), months=pl.lit(1.0))
    both = pl.concat([named, once.select(named.columns)])
    valued = both.join(prices, on=["intervention_id", "arm", "state"], how="inner", maintain_order="left_right")
    summed = valued.group_by(*_KEYS, "actor", maintain_order=True).agg(value=(pl.col("months") * pl.col("amount")).sum())
    return summed.with_columns(comparison=pl.lit(comparison))


def _values(book: Mapping, intervention_id: str) -> dict[str, float]:
    values = {price["key"]: price["value"] for price in book["prices"]}
    own = next((one["prices"] for one in book.get("interventions", ()) if one["intervention_id"] == intervention_id), {})
    return {key: values[own.get(key, key)] for key in values}


def _amount(formula: str, values: Mapping[str, float]) -> float:
    """A sum of products of price keys: "wage + wage * employer_contribution"."""
    return sum(prod(values[key.strip()] for key in term.split("*")) for term in formula.split("+"))
