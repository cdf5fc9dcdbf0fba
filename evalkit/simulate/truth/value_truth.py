"""The ledger value behind a simulated city: what starting an intervention is worth to each actor,
from the truth's own curves and plain sums.

Every posting of a price book is a price of a month in a state, or of a month or a start in an
intervention, to whoever pays and whoever receives. So the value is the difference between the arms
in discounted months and starts, times those prices. The postings are read here anew from the book's
content, independently of the ledger that the truth is there to check.
"""

from collections.abc import Mapping, Sequence
from math import prod

import polars as pl

from evalkit.line.actors import PUBLIC_PURSE, RESOURCES

# How long each programme posting's months lie behind the beginning of the month, where they are
# discounted from, and what is counted.
_PROGRAMME_DRIVERS = {
    "programme_months": (0.5, "taking_part"),
    "programme_starts": (1.0, "starting"),
}
_SIGN_OF_ARM = {"treated": 1.0, "comparison": -1.0}
_COMPARISONS = ("wait", "never")
_KEYS = ("population", "intervention_id", "district", "district_basis")
_SUMS = ("public_purse", "society")


def state_month_prices(
    book: Mapping,
    *,
    intervention_id: str = "",
    programmes: Sequence[str] = (),
    displacement: str = "central",
) -> pl.DataFrame:
    """What a month in each state, and a month or a start in each intervention, is worth to each
    actor.

    Parameters
    ----------
    book : mapping
        A price book's content: prices, postings, appraisal, and, where it has them, interventions
        with prices of their own.
    intervention_id : str
        Whose own prices are used for months in states, where the book has such.
    programmes : sequence of str
        The interventions that anybody takes part in; each is paid at its own prices.
    displacement : str
        Which of the book's shares of displaced work applies.

    Returns
    -------
    DataFrame
        actor, arm (treated, comparison), state (also "taking_part NAME" and "starting NAME" of an
        intervention), amount (the book's currency and price year, a month or a start; positive is
        gained).

    Raises
    ------
    ValueError
        If a posting has a driver that is not known here, or a district has prices of its own.
    """
    values, appraisal = _values(book, intervention_id), book["appraisal"]
    rate = values[appraisal["discount_rate"]]
    rows, burdens = [], []
    for posting in book["postings"]:
        if posting["driver"] == "net_public_outlay":
            burdens.append(posting)
            continue
        if posting["driver"] in _PROGRAMME_DRIVERS:
            counted = _PROGRAMME_DRIVERS[posting["driver"]][1]
            paid = [name for name in programmes if _is_about(posting, name)]
            amounts = {
                f"{counted} {name}": _amount(posting["amount"], _values(book, name))
                for name in paid
            }
        elif posting["driver"] == "displaced_months":
            shares = (appraisal.get("displacement_by_state") or {}).get(
                posting["state"], appraisal["displacement"]
            )
            amounts = {
                posting["state"]: _amount(posting["amount"], values) * values[shares[displacement]]
            }
        elif posting["driver"] == "state_months":
            amounts = {posting["state"]: _amount(posting["amount"], values)}
        else:
            raise ValueError(
                f"the driver {posting['driver']} of the posting {posting['posting']} is not known "
                "to the truth"
            )
        later = (1 + rate) ** (-posting.get("delay_months", 0) / 12)
        for arm in posting.get("arms", tuple(_SIGN_OF_ARM)):
            for state, amount in amounts.items():
                rows += [
                    (posting["paid_by"], arm, state, -amount * later),
                    (posting["received_by"], arm, state, amount * later),
                ]
    table = pl.DataFrame(
        rows,
        schema={"actor": pl.String, "arm": pl.String, "state": pl.String, "amount": pl.Float64},
        orient="row",
    )
    outlay = (
        table.filter(pl.col("actor").is_in(PUBLIC_PURSE))
        .group_by("arm", "state", maintain_order=True)
        .agg(-pl.col("amount").sum())
    )
    factor = values[appraisal["cost_of_public_funds"]]
    raised = [
        outlay.select(
            actor=pl.lit(posting[side]),
            arm="arm",
            state="state",
            amount=sign * factor * pl.col("amount"),
        )
        for posting in burdens
        for side, sign in (("paid_by", -1.0), ("received_by", 1.0))
    ]
    # Everywhere here rows keep their order: the same prices are added in the same order and give
    # the same bits.
    keys = ("actor", "arm", "state")
    kept = pl.concat([table, *raised]).filter(pl.col("actor") != RESOURCES)
    return kept.group_by(keys, maintain_order=True).agg(pl.col("amount").sum()).sort(keys)


def value_truth(
    curves: pl.DataFrame,
    book: Mapping,
    *,
    programmes: pl.DataFrame,
    horizon_months: int,
    displacement: str = "central",
) -> pl.DataFrame:
    """What starting each intervention is truly worth to each actor, per participant.

    Parameters
    ----------
    curves : DataFrame
        `Truth.curves`: shares by arm, state and month.
    book, displacement
        As in `state_month_prices`.
    programmes : DataFrame
        `Truth.programmes`: shares in, and starting, each intervention by arm and month.
    horizon_months : int
        Months counted from time zero; month k is discounted from its middle, a start from the
        month's beginning.

    Returns
    -------
    DataFrame
        population, intervention_id, district, district_basis, comparison (wait, never), actor (also
        public_purse and society: sums), horizon_months, value (present value in the book's currency
        and price year), currency, price_year.
    """
    rate = _values(book, "")[book["appraisal"]["discount_rate"]]
    columns = [*_KEYS, "arm", "month"]
    counted = [curves.select(*columns, "state", share="probability", back=pl.lit(0.5))]
    for back, measure in _PROGRAMME_DRIVERS.values():
        counted.append(
            programmes.select(
                *columns,
                state=measure + " " + pl.col("programme"),
                share=measure,
                back=pl.lit(back),
            )
        )
    within = pl.concat(counted, how="vertical_relaxed").filter(
        pl.col("month").is_between(1, horizon_months)
    )
    months = within.group_by(*_KEYS, "arm", "state", maintain_order=True).agg(
        months=(pl.col("share") * (1 + rate) ** (-(pl.col("month") - pl.col("back")) / 12)).sum()
    )
    in_use = programmes["programme"].unique().sort().to_list()
    by_intervention = [
        state_month_prices(
            book, intervention_id=name, programmes=in_use, displacement=displacement
        ).with_columns(intervention_id=pl.lit(name))
        for name in curves["intervention_id"].unique().sort()
    ]
    prices = pl.concat(by_intervention).with_columns(
        pl.col("amount") * pl.col("arm").replace_strict(_SIGN_OF_ARM, return_dtype=pl.Float64)
    )
    by_comparison = [_of_comparison(months, prices, comparison) for comparison in _COMPARISONS]
    values = pl.concat([table for table in by_comparison if table.height])
    by = [*_KEYS, "comparison"]
    sums = [
        values.filter(chosen)
        .group_by(by, maintain_order=True)
        .agg(pl.col("value").sum())
        .with_columns(actor=pl.lit(name))
        for name, chosen in zip(
            _SUMS, (pl.col("actor").is_in(PUBLIC_PURSE), pl.lit(True)), strict=True
        )
    ]
    columns = [*by, "actor", "value"]
    return (
        pl.concat([table.select(columns) for table in (values, *sums)])
        .with_columns(
            horizon_months=pl.lit(horizon_months),
            currency=pl.lit(book["currency"]),
            price_year=pl.lit(book["price_year"]),
        )
        .sort(*by, "actor")
    )


def _of_comparison(months: pl.DataFrame, prices: pl.DataFrame, comparison: str) -> pl.DataFrame:
    """Values against one comparison: what each state's months, and the months and starts in
    interventions, differ by.
    """
    arms = {"treated": "treated", comparison: "comparison"}
    compared = months.filter(pl.col("arm").is_in(list(arms))).with_columns(
        pl.col("arm").replace_strict(arms)
    )
    valued = compared.join(
        prices, on=["intervention_id", "arm", "state"], how="inner", maintain_order="left_right"
    )
    summed = valued.group_by(*_KEYS, "actor", maintain_order=True).agg(
        value=(pl.col("months") * pl.col("amount")).sum()
    )
    return summed.with_columns(comparison=pl.lit(comparison))


def _is_about(posting: Mapping, programme: str) -> bool:
    only = posting.get("interventions")
    return programme not in posting.get("other_than", ()) and (not only or programme in only)


def _values(book: Mapping, intervention_id: str) -> dict[str, float]:
    """Every price's value, an intervention's own in the place of others."""
    if book.get("districts"):
        raise ValueError("the truth's value knows no districts with prices of their own")
    values = {price["key"]: price["value"] for price in book["prices"]}
    substitutes = {
        entry["intervention_id"]: entry["prices"] for entry in book.get("interventions", ())
    }.get(intervention_id, {})
    return {key: values[substitutes.get(key, key)] for key in values}


def _amount(formula: str, values: Mapping[str, float]) -> float:
    """A sum of products of price keys: "wage + wage * employer_contribution"."""
    return sum(prod(values[key.strip()] for key in term.split("*")) for term in formula.split("+"))
