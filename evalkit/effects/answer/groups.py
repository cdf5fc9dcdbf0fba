"""Effects in the groups that a protocol declares: raw, shrunk towards the effect for all, and with
p-values adjusted for the number of groups.

Groups overlap: a young woman counts in two. Weights are the city's, so a group's arms are as alike
as that model makes them; the largest difference that remains is reported with each effect. Groups
are shrunk as districts are (`shrink`); the variance between groups takes their estimates as
independent.
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.draws import estimate_with_range, with_words
from evalkit.effects.answer.effect_sums import effect_draws
from evalkit.effects.answer.estimate import no_effect, weighted_effect
from evalkit.effects.answer.one_person import primary_share
from evalkit.effects.answer.participation import programme_draws
from evalkit.effects.answer.summary import draw_range
from evalkit.effects.districts.pooling import primary_differences, shrink
from evalkit.effects.trials.target_trial import Trials, eligible_per_year
from evalkit.effects.trust.balance import largest_difference
from evalkit.effects.trust.placebo import holm, two_sided
from evalkit.effects.trust.refusal import refused_for_all
from evalkit.effects.weighting.strategies import weighting_of
from evalkit.errors import ProtocolError, nearest
from evalkit.line.columns import schema_of
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.needs import MADE_FOR_SUBGROUPS
from evalkit.line.protocol import Protocol
from evalkit.line.protocol_parts import Subgroup
from evalkit.line.protocols import protocol_hash
from evalkit.line.tables import published, table
from evalkit.results import Tables
from evalkit.tables import CITY

ALL = "all"
_KEYS = ["intervention_id", "protocol_hash", "subgroup"]
_BEHIND = schema_of(*_KEYS, "max_abs_smd", "one_person")


class GroupEffects(NamedTuple):
    """draws (table `effect_draws`, district "all"; sources raw and shrunk), status
    (`effect_status`), behind (by group max_abs_smd and one_person), programmes (table
    `effect_programme_draws`, district "all")."""

    draws: pl.DataFrame
    status: pl.DataFrame
    behind: pl.DataFrame
    programmes: pl.DataFrame


def with_target_groups(person: pl.DataFrame) -> pl.DataFrame:
    """The person table with the groups that need more than one column, where these are delivered.

    is_woman_in_weak_position: a woman with compulsory school at most, or born outside the Nordic
    countries and the EU.
    """
    if not set(MADE_FOR_SUBGROUPS["is_woman_in_weak_position"]) <= set(person.columns):
        return person
    is_weak = (pl.col("education") == "compulsory_or_less") | (pl.col("origin") == "other")
    return person.with_columns(
        is_woman_in_weak_position=((pl.col("sex") == "female") & is_weak).fill_null(False)
    )


@dataclass(frozen=True, repr=False, eq=False)
class GroupTables(Tables):
    """What the groups hand on, by the tables' names: `group_effects` before gate 2, and what is
    computed from them later.
    """

    group_effects: pl.DataFrame
    group_draws: pl.DataFrame
    group_counts: pl.DataFrame
    group_programme_draws: pl.DataFrame


def group_tables(
    trials: Trials, person: pl.DataFrame, *, propensity: pl.DataFrame, n_draws: int, seed: int
) -> GroupTables:
    """Effects in the declared groups (see `group_effects`); empty where nobody starts, or
    everybody.
    """
    if not trials.has_both_arms:
        return GroupTables(
            published("group_effects").empty(),
            *[table(name).empty() for name in GroupTables.names()[1:]],
        )
    effects = group_effects(trials, person, propensity=propensity, n_draws=n_draws, seed=seed)
    return GroupTables(
        group_summary(effects, trials.protocol),
        effects.draws,
        group_counts(trials, person),
        effects.programmes,
    )


def group_masks(trials: Trials, person: pl.DataFrame) -> dict[str, np.ndarray]:
    """Which rows of the trials belong to each of the protocol's subgroups: (n_rows,) by name.

    A condition is about a column of the person table, or about `elapsed_months` of the trials (at
    least so many where the start is unknown). A person without the value belongs to no group that
    asks for it.

    Raises
    ------
    ProtocolError
        If a column is in neither.
    """
    known = with_target_groups(person)
    # A spell that was running at the first month has lasted at least since then.
    elapsed = pl.coalesce("elapsed_months", pl.col("trial_month") - 1)
    rows = trials.rows.select("person_id", elapsed_months=elapsed).join(
        known.select(pl.exclude("elapsed_months")),
        on="person_id",
        how="left",
        maintain_order="left",
    )
    missing = [group for group in trials.protocol.subgroups if group.column not in rows.columns]
    if missing:
        raise ProtocolError(
            f"{len(missing)} subgroups ask for columns that nobody delivers.",
            where=f"protocol {trials.protocol.protocol}, subgroups: "
            f"{', '.join(f'{group.name} ({group.column})' for group in missing)}",
            why="A group is a condition on the person table or on the months on support so far.",
            fix=nearest(missing[0].column, rows.columns),
        )
    return {
        group.name: rows.select(_condition(group).fill_null(False)).to_series().to_numpy()
        for group in trials.protocol.subgroups
    }


def group_counts(trials: Trials, person: pl.DataFrame) -> pl.DataFrame:
    """How many people start, and could start, by district: in every declared group and in every
    two of them together.

    Returns
    -------
    DataFrame
        The table `group_counts`: district, intervention_id, subgroup, also_in (the subgroup itself,
        or one declared later), n_starters, n_eligible (persons), n_eligible_per_year
        (`eligible_per_year`). A district has no row for a group or pair without members there.
    """
    masks, keys = (
        group_masks(trials, person),
        ["district", "intervention_id", "subgroup", "also_in"],
    )
    rows = trials.rows.select(
        "district", "person_id", "trial_month", is_starter=pl.Series(trials.is_treated)
    )
    tables = [
        rows.filter(pl.Series(masks[group] & masks[also_in]))
        .group_by("district")
        .agg(
            n_starters=pl.col("person_id").filter("is_starter").n_unique(),
            n_eligible=pl.col("person_id").n_unique(),
            n_eligible_per_year=eligible_per_year(trials.protocol),
        )
        .with_columns(
            intervention_id=pl.lit(trials.protocol.intervention_id),
            subgroup=pl.lit(group),
            also_in=pl.lit(also_in),
        )
        for group, also_in in combinations_with_replacement(masks, 2)
    ]
    schema = table("group_counts").schema
    return (
        pl.concat([counts.select(list(schema)).cast(schema) for counts in tables]).sort(keys)
        if tables
        else pl.DataFrame(schema=schema)
    )


def group_effects(
    trials: Trials, person: pl.DataFrame, *, propensity: pl.DataFrame, n_draws: int, seed: int
) -> GroupEffects:
    """The effect for all and in every declared subgroup: raw, and shrunk towards the effect for all
    where enough groups can be said.

    Only the primary comparison is estimated in groups.

    Parameters
    ----------
    trials : Trials
        All districts together.
    person : DataFrame
        The person table.
    propensity, n_draws, seed
        As in `estimate_effect`.
    """
    masks = {ALL: np.ones(len(trials.rows), bool), **group_masks(trials, person)}
    tables = [
        _effect_of_group(trials, name, mask, propensity, n_draws=n_draws, seed=seed)
        for name, mask in masks.items()
    ]
    draws, statuses, balances, programmes = (
        pl.concat(of_groups) for of_groups in zip(*tables, strict=True)
    )
    return GroupEffects(_with_shrunk(draws, trials.protocol, seed), statuses, balances, programmes)


def _effect_of_group(
    trials: Trials,
    name: str,
    mask: np.ndarray,
    propensity: pl.DataFrame,
    *,
    n_draws: int,
    seed: int,
) -> GroupEffects:
    """A group's raw draws, where its effect can be said, its status and its balance."""
    primary, members = trials.protocol.comparisons[0], trials.keep(mask)
    # Under the group's own name: balance is asked of all, whose weights these are
    # (`refusal_reason`).
    weighting = weighting_of(members, propensity, primary) if members.has_both_arms else None
    effect = (
        weighted_effect(
            [weighting], district=name, n_draws=n_draws, seed=seed, valued=weighting.comparison
        )
        if weighting
        else no_effect(members, district=name)
    )
    sums, status, programmes = (
        part.filter(pl.col("estimand") == ESTIMANDS[primary]).with_columns(
            pl.lit(value).cast(part.schema[key]).alias(key)
            for key, value in (("subgroup", name), ("district", CITY))
        )
        for part in (effect.sums, effect.status, effect.programmes)
    )
    status = refused_for_all(status, trials)
    if status["status"][0] != "estimated":
        sums, programmes = sums.clear(), programmes.clear()
    imbalance = largest_difference(members, weighting.weights) if weighting else None
    raw = effect_draws(sums)
    one_person = None
    if weighting and not raw.is_empty():
        months = primary_differences(
            raw.with_columns(district="subgroup"), trials.protocol.primary_outcome
        )
        limits = pl.DataFrame([{}]).select(**draw_range(months))
        one_person = primary_share(weighting, limits)["one_person"][0]
    keys = (trials.protocol.intervention_id, protocol_hash(trials.protocol), name)
    return GroupEffects(
        raw,
        status,
        pl.DataFrame([(*keys, imbalance, one_person)], schema=_BEHIND, orient="row"),
        programme_draws(programmes, sums, state=trials.protocol.eligibility.state_before),
    )


def group_summary(
    effects: GroupEffects, protocol: Protocol, *, conf_level: float = 0.95
) -> pl.DataFrame:
    """Months in the primary outcome by group: raw and shrunk, with ranges and p-values adjusted for
    the number of groups.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, estimand, subgroup, raw, raw_lower, raw_upper, shrunk,
        shrunk_lower, shrunk_upper (months; shrunk null where groups were too few to pool), p_value,
        p_holm (raw effect against zero; over the groups, without "all"), max_abs_smd (standard
        deviations, after weighting), effect_state, reason, n_starters, one_person.
    """
    ranges = {
        source: _months(
            effects.draws.filter(pl.col("source") == source), protocol, name, conf_level
        )
        for source, name in (("raw", "raw"), ("shrunk", "shrunk"))
    }
    keys = ["subgroup"]
    table = (
        effects.status.select(
            "district",
            "intervention_id",
            "protocol_hash",
            "estimand",
            "subgroup",
            "reason",
            "n_starters",
            effect_state="status",
        )
        .join(effects.behind, on=_KEYS, how="left")
        .join(ranges["raw"], on=keys, how="left")
        .join(ranges["shrunk"].drop("p_value"), on=keys, how="left")
    )
    others = table.filter(pl.col("subgroup") != ALL)
    adjusted = pl.DataFrame(
        {
            "subgroup": others["subgroup"],
            "p_holm": holm(others["p_value"].fill_null(np.nan).to_list()),
        }
    )
    return table.join(
        adjusted.with_columns(pl.col("p_holm").cast(pl.Float64).fill_nan(None)),
        on="subgroup",
        how="left",
    ).drop("protocol_hash")


def _condition(group: Subgroup) -> pl.Expr:
    column = pl.col(group.column)
    if group.equals is not None:
        return column == group.equals
    at_least = column >= group.at_least if group.at_least is not None else pl.lit(True)
    return at_least & (column < group.below if group.below is not None else pl.lit(True))


def _with_shrunk(raw: pl.DataFrame, protocol: Protocol, seed: int) -> pl.DataFrame:
    """With the groups shrunk: `shrink` takes them as it takes districts."""
    groups = set(raw["subgroup"]) - {ALL}
    if ALL not in raw["subgroup"] or len(groups) < protocol.min_districts_for_pooling:
        return raw
    swapped = raw.with_columns(district="subgroup", subgroup=pl.lit(ALL, dtype=pl.Categorical))
    drawn = shrink(
        swapped,
        primary_outcome=protocol.primary_outcome,
        min_districts=protocol.min_districts_for_pooling,
        seed=seed,
    )
    return pl.concat(
        [raw, drawn.with_columns(subgroup="district", district=pl.lit(CITY, dtype=pl.Categorical))]
    )


def _months(draws: pl.DataFrame, protocol: Protocol, name: str, conf_level: float) -> pl.DataFrame:
    """subgroup, NAME, NAME_lower, NAME_upper, p_value: months in the primary outcome, treated minus
    comparison.
    """
    differences = primary_differences(
        draws.with_columns(district="subgroup"), protocol.primary_outcome
    )
    names = (name, f"{name}_lower", f"{name}_upper")
    table = (
        with_words(differences)
        .group_by(subgroup="district")
        .agg(
            *estimate_with_range("difference", conf_level=conf_level, names=names),
            error=pl.col("difference").filter(pl.col("draw") > 0).std(),
        )
    )
    p_values = [
        two_sided(difference, error or 0.0)
        for difference, error in table.select(name, "error").iter_rows()
    ]
    return table.drop("error").with_columns(p_value=pl.Series(p_values, dtype=pl.Float64))
