"""Offers split by target group: people who may start are counted by group, and what a start is
worth follows the groups' effects.

A group's effect is known for the city. In a district a start is worth what it is worth there for
everybody, plus what the group's start is worth more than everybody's in the city, draw by draw.
Those of no group that can be said are the others, whose difference from everybody is what is left:
over all who start, the groups and the others together are everybody.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.allocation.constraints import KEYS
from evalkit.allocation.moves import READINGS
from evalkit.errors import ParameterError, first_few, nearest
from evalkit.results import Tables

OTHERS = "others"
EVERYBODY = "all"
_DISTRICT_KEYS = list(KEYS[:2])


@dataclass(frozen=True, repr=False, eq=False)
class GroupOffers(Tables):
    """`offers` and `values` for `allocate_city`, by target group."""

    offers: pl.DataFrame
    values: pl.DataFrame


def by_target_group(
    offers: pl.DataFrame,
    values: pl.DataFrame,
    *,
    counts: pl.DataFrame,
    group_values: pl.DataFrame,
    groups: Sequence[str],
) -> GroupOffers:
    """Everybody's offers and values split by target group.

    Parameters
    ----------
    offers, values : DataFrame
        `offers_from` and `value_per_start`: of everybody.
    counts : DataFrame
        The table group_counts, over the same months as the offers' counts: district,
        intervention_id, subgroup, also_in, n_starters, n_eligible, n_eligible_per_year.
    group_values : DataFrame
        intervention_id, subgroup ("all" among them), draw, value: the city's.
    groups : sequence of str
        Which of the declared groups are told apart; without any, all stays as it is.

    Returns
    -------
    GroupOffers
        An offer whose value to society cannot be said is left out: it cannot be ranked. A group
        whose effect cannot be said is counted with the others; the others of an
        intervention are offered nothing where fewer of them have started than of its smallest
        group, since too little is left to tell their value from.

    Raises
    ------
    ParameterError
        If a group was not declared, or somebody belongs to two of the groups.
    """
    offers = offers.join(values.select(_DISTRICT_KEYS).unique(), on=_DISTRICT_KEYS, how="semi")
    if not groups or offers.is_empty():
        return GroupOffers(offers, values)
    refuse_undeclared(groups, counts["subgroup"].unique().sort().to_list())
    _refuse_overlaps(counts, groups)
    estimated = (
        group_values.filter(pl.col("subgroup").is_in(list(groups)))
        .select("intervention_id", "subgroup")
        .unique()
    )
    group_counts = counts.filter(pl.col("subgroup") == pl.col("also_in")).join(
        estimated, on=["intervention_id", "subgroup"], how="semi"
    )
    split = _without_few_others(
        pl.concat([_of_groups(offers, group_counts), _of_others(offers, group_counts)]).sort(KEYS)
    )
    worth = values.join(split.select(KEYS), on=_DISTRICT_KEYS)
    shifts = _shifts(group_values, split)
    shifted = worth.join(shifts, on=["intervention_id", "target_group", "draw"], how="left")
    # Where no group can be said everybody stands with the others; a draw that the groups lack stays
    # empty, and is refused by `allocate`.
    shift = (
        pl.when(pl.col("intervention_id").is_in(estimated["intervention_id"].to_list()))
        .then("shift")
        .otherwise(0.0)
    )
    readings = [name for name in READINGS if name in values.columns]
    return GroupOffers(split, shifted.select(*KEYS, "draw", pl.col(readings) + shift))


def _of_groups(offers: pl.DataFrame, group_counts: pl.DataFrame) -> pl.DataFrame:
    """Each group's share of everybody's offers: as many may start as its people are, and its share
    of all who started starts now.
    """
    of_all = offers.drop("target_group", "n_eligible").rename({"n_starters": "n_starters_all"})
    counted = group_counts.select(
        *_DISTRICT_KEYS, "n_starters", target_group="subgroup", n_eligible="n_eligible_per_year"
    )
    share = pl.col("n_starters") / pl.col("n_starters_all")
    return (
        of_all.join(counted, on=_DISTRICT_KEYS)
        .with_columns(n_now=pl.col("n_now") * share)
        .select(offers.columns)
    )


def _of_others(offers: pl.DataFrame, group_counts: pl.DataFrame) -> pl.DataFrame:
    """What is left of everybody's offers."""
    taken = group_counts.group_by(_DISTRICT_KEYS).agg(
        grouped=pl.col("n_starters").sum(), grouped_eligible=pl.col("n_eligible_per_year").sum()
    )
    left = (
        offers.rename({"n_starters": "n_starters_all"})
        .join(taken, on=_DISTRICT_KEYS, how="left")
        .with_columns(pl.col("^grouped.*$").fill_null(0))
    )
    n_starters = (pl.col("n_starters_all") - pl.col("grouped")).clip(0)
    counted = left.with_columns(n_starters=n_starters).with_columns(
        # Somebody may be in a group in one month and in none in another: the difference of counts
        # of people may fall below zero.
        n_eligible=(pl.col("n_eligible") - pl.col("grouped_eligible")).clip(0),
        n_now=pl.col("n_now") * pl.col("n_starters") / pl.col("n_starters_all"),
        target_group=pl.lit(OTHERS),
    )
    return counted.select(offers.columns)


def _without_few_others(split: pl.DataFrame) -> pl.DataFrame:
    """Without the others of an intervention that fewer of them have started than people of its
    smallest group.
    """
    by_group = split.group_by("intervention_id", "target_group").agg(n=pl.col("n_starters").sum())
    is_other, n = pl.col("target_group") == OTHERS, pl.col("n")
    few = by_group.group_by("intervention_id").agg(
        others=n.filter(is_other).sum(), smallest=n.filter(~is_other).min()
    )
    few = few.filter(pl.col("others") < pl.col("smallest")).select(
        "intervention_id", target_group=pl.lit(OTHERS)
    )
    return split.join(few, on=["intervention_id", "target_group"], how="anti")


def _shifts(group_values: pl.DataFrame, split: pl.DataFrame) -> pl.DataFrame:
    """How much more a start is worth than everybody's, by intervention, target group and draw:
    money.
    """
    everybody = group_values.filter(pl.col("subgroup") == EVERYBODY).select(
        "intervention_id", "draw", everybody="value"
    )
    beside_everybody = group_values.rename({"subgroup": "target_group"}).join(
        everybody, on=["intervention_id", "draw"]
    )
    shifts = beside_everybody.select(
        "intervention_id", "target_group", "draw", shift=pl.col("value") - pl.col("everybody")
    )
    weights = split.group_by("intervention_id", "target_group").agg(pl.col("n_starters").sum())
    n_others = weights.filter(pl.col("target_group") == OTHERS).select(
        "intervention_id", n_others="n_starters"
    )
    weighted = shifts.join(
        weights.filter(pl.col("target_group") != OTHERS), on=["intervention_id", "target_group"]
    )
    left = weighted.group_by("intervention_id", "draw").agg(
        total=(pl.col("shift") * pl.col("n_starters")).sum()
    )
    others = left.join(n_others.filter(pl.col("n_others") > 0), on="intervention_id").select(
        "intervention_id",
        "draw",
        target_group=pl.lit(OTHERS),
        shift=-pl.col("total") / pl.col("n_others"),
    )
    return pl.concat([shifts, others.select(shifts.columns)])


def refuse_undeclared(groups: Sequence[str], declared: Collection[str]) -> None:
    """Raise unless every target group is among those that protocols declare.

    Raises
    ------
    ParameterError
        Names the groups and what comes nearest.
    """
    unknown = [
        f"{group} ({nearest(group, declared) if declared else 'no protocol declares any'})"
        for group in groups
        if group not in declared
    ]
    _refuse(
        "Target groups that were not declared",
        unknown,
        "Effects are estimated in the groups of the protocols alone.",
        "mend the names.",
    )


def _refuse_overlaps(counts: pl.DataFrame, groups: Sequence[str]) -> None:
    both = (
        counts.filter((pl.col("subgroup") != pl.col("also_in")) & (pl.col("n_eligible") > 0))
        .select("subgroup", "also_in")
        .unique()
    )
    overlapping = sorted(
        " and ".join(sorted(pair)) for pair in both.iter_rows() if set(pair) <= set(groups)
    )
    _refuse(
        "Target groups with people in common",
        overlapping,
        "A person can be offered one start.",
        "name groups that exclude each other.",
    )


def _refuse(what: str, names: Sequence[str], why: str, fix: str) -> None:
    if names:
        where = f"allocation.target_groups of the run file: {first_few(names, 6)}"
        raise ParameterError(f"{what}: {len(names)}.", where=where, why=why, fix=fix)
