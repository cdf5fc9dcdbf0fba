"""Outreach beside the offers of an allocation: what an amount of money would give if it were spent
on bringing people in.

What one who enters is worth is the value of what they enter. Either the outreach has an effect of
its own, from a protocol, or it leads to starts whose value is known. Of the latter nobody knows how
many would have come about anyway: a run may declare a share, with a range; without it, what they
would be worth if all of them were due to outreach is the most that can be said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from evalkit.allocation.moves import READINGS, ranged
from evalkit.allocation.offers import value_by_city
from evalkit.disclosure import Published, read_published
from evalkit.draws import spanned
from evalkit.line.tables import published
from evalkit.monitoring_rules import OutreachShare
from evalkit.params import Run
from evalkit.tables import CITY, read_table

# Whose cost is believed first. Money set aside for more outreach is no cost of those who enter:
# other money has paid for some of them.
_SOURCES = ("declared", "place")
OWN_EFFECT, DECLARED, IF_ALL_DUE, UNKNOWN = "own_effect", "declared", "if_all_due", "unknown"
_NO_VALUES = pl.DataFrame(
    schema={
        "intervention_id": pl.String,
        "draw": pl.Int32,
        "value": pl.Float64,
        "second": pl.Float64,
    }
)


def outreach_of_run(run: Run, known: Mapping[str, Published]) -> pl.DataFrame:
    """The table allocation_outreach of a run, for the amounts of further money that it asks about.

    Without protocols and a price book no value is known, and none is read.

    Parameters
    ----------
    run : Run
        Its rules of allocation, and the declared shares of monitoring (`outreach_shares`).
    known : mapping of Published
        outreach_funnel, outreach_costs, outreach_leads and offers.
    """
    params = run.params
    values, behind, returns = _NO_VALUES, {}, published("allocation_returns").empty()
    if params.effects.protocols and params.value.price_book:
        totals = (read_table(run.run_dir, name) for name in ("value_totals", "second_totals"))
        values = value_by_city(*totals)
        estimated = read_table(run.run_dir, "effect_status").filter(
            pl.col("district") == CITY, pl.col("source") == "raw"
        )
        counts = estimated.group_by("intervention_id").agg(pl.col("n_starters").max())
        behind = dict(counts.iter_rows())
        returns = read_published(run.run_dir, "allocation_returns").data
    plain, second = (
        outreach_returns(
            _reachable(known["outreach_funnel"].data),
            known["outreach_costs"].data,
            known["outreach_leads"].data,
            values.select("intervention_id", "draw", value=reading),
            known["offers"].data.filter(pl.col("district") == CITY),
            amounts=params.allocation.further_money,
            shares=params.monitoring.outreach_shares,
            behind=behind,
            n_independent=params.effects.n_draws,
        )
        for reading in READINGS
    )
    rows = spanned(plain, second, keys=published("allocation_outreach").keys)
    return best_split(rows, returns)


def best_split(outreach: pl.DataFrame, returns: pl.DataFrame) -> pl.DataFrame:
    """How much of the further money is best spent on outreach, and the rest on the interventions
    that are worth most.

    Parameters
    ----------
    outreach : DataFrame
        As `outreach_returns` gives it.
    returns : DataFrame
        The published table allocation_returns: free_budget, added_value.

    Returns
    -------
    DataFrame
        The same rows with outreach_budget: of the steps that were asked about, the one that adds
        most together with what the rest of the money adds elsewhere. Null where what outreach adds
        cannot be said.
    """
    elsewhere = {0.0: 0.0} | dict(
        returns.drop_nulls("added_value").select("free_budget", "added_value").iter_rows()
    )
    said = outreach.filter(pl.col("case").is_in([OWN_EFFECT, DECLARED]))
    best = {}
    for (group,), own in said.group_by("target_group"):
        added = {0.0: 0.0} | dict(own.select("free_budget", "added_value").iter_rows())
        for budget in own["free_budget"]:
            together = {
                amount: worth + elsewhere[budget - amount]
                for amount, worth in added.items()
                if budget - amount in elsewhere
            }
            best[group, budget] = max(together, key=together.__getitem__, default=None)
    keys = outreach.select("target_group", "free_budget").iter_rows()
    return outreach.with_columns(
        outreach_budget=pl.Series([best.get(key) for key in keys], dtype=pl.Float64)
    )


def _reachable(funnel: pl.DataFrame) -> dict[str, float | None]:
    """By target group, how many were known and did not enter in the last year that outreach
    counted; None where it counted nobody.
    """
    counted = funnel.filter(pl.col("district") == CITY).sort("year")
    last = counted.group_by("target_group").agg(
        (pl.col("n_known") - pl.col("n_entered")).drop_nulls().last()
    )
    return dict(last.sort("target_group").iter_rows())


def outreach_returns(
    groups: Mapping[str, float | None],
    costs: pl.DataFrame,
    leads: pl.DataFrame,
    values: pl.DataFrame,
    offers: pl.DataFrame,
    *,
    amounts: Sequence[float],
    shares: Mapping[str, OutreachShare],
    behind: Mapping[str, int],
    n_independent: int | None = None,
) -> pl.DataFrame:
    """What an amount gives if it is spent on outreach to a group.

    The amount pays the outreach and the places of those whom it leads to, so that it is the same
    money as in `marginal_returns`. What is added is the value of these starts, less the outreach.

    Parameters
    ----------
    groups : mapping of str
        Whom outreach is for, and how many more of them can be brought in in a year: money for more
        than these stays unspent. None: nobody knows.
    costs : DataFrame
        target_group, source, cost (money per person who enters), currency, value_grade.
    leads : DataFrame
        target_group, intervention_id, kind ("outreach" itself, or what came "next"), n_persons (who
        started it), share (that they are of all who started outreach).
    values : DataFrame
        intervention_id, draw, value (money per start); draw 0 the point estimate.
    offers : DataFrame
        intervention_id, cost (money per start), currency.
    amounts : sequence of float
        Money.
    shares : mapping of str to OutreachShare
        By target group: the share of the starts that would not have come about otherwise.
    behind : mapping of str to int
        How many people the value of an intervention rests on.
    n_independent : int, optional
        How many of the draws are draws of their own.

    Returns
    -------
    DataFrame
        The table allocation_outreach before gate 2, without outreach_budget. One row per target
        group, amount and case:
        "own_effect", "declared" (with the declared share: at its lowest for the lower limit, at its
        highest for the upper), "if_all_due" (as if all those starts were due to outreach) or
        "unknown" (no cost, or no value of anything that they start). Starts of interventions whose
        value is not known count as nothing. cost (of one who enters, with
        the places that follow), n_entering, added_value, ci_lower, ci_upper, probability_positive,
        value_grade, currency, n_starters (people behind the least known number).
    """
    rows = [
        {"target_group": group.name, "free_budget": float(amount), **row}
        for group in _groups(groups, costs, leads, values, offers)
        for amount in amounts
        if amount > 0
        for row in _returns(group, float(amount), shares.get(group.name), behind, n_independent)
    ]
    schema = published("allocation_outreach").empty().drop("outreach_budget").schema
    return pl.DataFrame(rows, schema=schema).sort("target_group", "free_budget", "case")


@dataclass(frozen=True)
class _Group:
    """A group with how many can be reached, what one who enters costs, the interventions behind its
    value, and that value draw by draw.
    """

    name: str
    reachable: float | None
    entry_cost: float | None
    grade: str | None
    currency: str | None
    is_own_effect: bool
    # By intervention: how many people its share rests on, and starts per person who enters.
    starts: Mapping[str, tuple[int, float]]
    places: float
    worth: np.ndarray

    def fewest(self, behind: Mapping[str, int]) -> int:
        """The people behind the least known of its numbers."""
        counts = [min(n, behind.get(name, 0)) for name, (n, _) in self.starts.items()]
        return min(counts, default=0)


def _groups(
    groups: Mapping[str, float | None],
    costs: pl.DataFrame,
    leads: pl.DataFrame,
    values: pl.DataFrame,
    offers: pl.DataFrame,
) -> Iterator[_Group]:
    """The groups with what is known of each."""
    prices = dict(offers.drop_nulls("cost").select("intervention_id", "cost").iter_rows())
    draws = {
        str(name): own.sort("draw")["value"].to_numpy()
        for (name,), own in values.drop_nulls("value").group_by("intervention_id")
    }
    currency: str | None = next(iter(offers["currency"].drop_nulls().to_list()), None)
    for name, reachable in sorted(groups.items()):
        own_costs = {
            row["source"]: row
            for row in costs.filter(pl.col("target_group") == name).iter_rows(named=True)
        }
        cost: dict[str, Any] = next(
            (own_costs[source] for source in _SOURCES if source in own_costs), {}
        )
        own = leads.filter(pl.col("target_group") == name, pl.col("share").is_not_null())
        valued = [
            row
            for row in own.iter_rows(named=True)
            if row["intervention_id"] in draws and row["intervention_id"] in prices
        ]
        effects = [row for row in valued if row["kind"] == "outreach"][:1]
        used = effects or [row for row in valued if row["kind"] == "next"]
        n_followed = own.select(
            pl.col("n_persons").filter(pl.col("kind") == "outreach").max()
        ).item()
        starts: dict[str, tuple[int, float]] = {
            row["intervention_id"]: (n_followed or 0, 1.0 if effects else row["share"])
            for row in used
        }
        yield _Group(
            name,
            reachable,
            cost.get("cost"),
            cost.get("value_grade"),
            cost.get("currency") or currency,
            bool(effects),
            starts,
            sum(share * prices[one] for one, (_, share) in starts.items()),
            np.sum([share * draws[one] for one, (_, share) in starts.items()], axis=0),
        )


def _returns(
    group: _Group,
    amount: float,
    share: OutreachShare | None,
    behind: Mapping[str, int],
    n_independent: int | None,
) -> Iterator[dict[str, Any]]:
    """The rows of a group and an amount."""
    told: dict[str, Any] = {"currency": group.currency}
    if not group.starts or group.entry_cost is None:
        yield {"case": UNKNOWN, **told}
        return
    # A start of outreach with an effect of its own is a start like any other: its value is net of
    # its cost. What outreach leads to is worth its value less the outreach.
    cost = group.places if group.is_own_effect else group.entry_cost + group.places
    most = amount / cost if group.reachable is None else group.reachable
    n_entering = min(amount / cost, most)
    told |= {"cost": cost, "n_entering": n_entering, "n_starters": group.fewest(behind)}
    if group.is_own_effect:
        added = ranged(n_entering * group.worth, n_independent)
        yield {"case": OWN_EFFECT, "value_grade": group.grade, **_named(added), **told}
        return
    low, central, high = (share.low, share.central, share.high) if share else (1.0, 1.0, 1.0)
    by_share = [
        ranged(n_entering * (due * group.worth - group.entry_cost), n_independent)
        for due in (low, central, high)
    ]
    added = _named(by_share[1]) | {
        "ci_lower": _outermost(min, by_share, 1),
        "ci_upper": _outermost(max, by_share, 2),
    }
    if share and share.low < share.high:
        # A range of assumptions has no probability.
        added["probability_positive"] = None
    yield {"case": DECLARED if share else IF_ALL_DUE, "value_grade": "L", **added, **told}


def _named(numbers: tuple[float | None, ...]) -> dict[str, float | None]:
    names = ("added_value", "ci_lower", "ci_upper", "probability_positive")
    return dict(zip(names, numbers, strict=True))


def _outermost(choose: Any, by_share: Sequence[tuple], place: int) -> float | None:
    limits = [numbers[place] for numbers in by_share if numbers[place] is not None]
    return choose(limits) if limits else None
