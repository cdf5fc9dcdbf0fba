"""Whether an effect can be said: the statuses of a run, as they are published and beside tables."""

from collections.abc import Sequence
from itertools import product

import polars as pl

from evalkit.line.protocol import Protocol
from evalkit.line.protocols import protocol_hash
from evalkit.line.tables import table
from evalkit.tables import CITY

NOT_COMPUTED = "not_computed"
# What adds up over districts.
_PEOPLE = ("n_starters", "n_eligible", "n_eligible_per_year")


def status_of_run(
    statuses: pl.DataFrame, protocols: Sequence[Protocol], districts: Sequence[str]
) -> pl.DataFrame:
    """The table `effect_status` of a run: the rows that were computed, and one row per district and
    effect that was not, of an intervention or of a district in it, which says so.

    Parameters
    ----------
    statuses : DataFrame
        The table `effect_status` of the interventions that were computed.
    districts : sequence of str
        The run's districts; all of them together have a row too.
    """
    computed = set(statuses.select("protocol_hash", "district").iter_rows())
    missing = [
        {
            "district": district,
            "intervention_id": protocol.intervention_id,
            "protocol_hash": protocol_hash(protocol),
            "estimand": estimand,
            "subgroup": "all",
            "source": "raw",
            "status": "cannot_be_said",
            "reason": NOT_COMPUTED,
        }
        for protocol in protocols
        for district, estimand in product((CITY, *districts), protocol.estimands)
        if (protocol_hash(protocol), district) not in computed
    ]
    return pl.concat([statuses, pl.DataFrame(missing, schema=table("effect_status").schema)])


def counted_in_districts(
    city_status: pl.DataFrame, district_status: pl.DataFrame, districts: Sequence[str]
) -> pl.DataFrame:
    """The statuses of all districts together (table `weights_status`), with the people of those
    districts alone that were computed: where some are missing, the city's effect is theirs.
    """
    if not set(districts) - set(district_status["district"]):
        return city_status
    effect = ["protocol_hash", "estimand"]
    people = district_status.group_by(effect).agg(pl.col(_PEOPLE).sum())
    return city_status.drop(_PEOPLE).join(people, on=effect, how="left").select(city_status.columns)


def status_for_publication(status: pl.DataFrame, *, n_draws: int) -> pl.DataFrame:
    """The table `effect_status` as published: one row per district and intervention, with how its
    effect was pooled.

    Parameters
    ----------
    status : DataFrame
        Table `effect_status`, sources raw and shrunk.
    n_draws : int
        Replicates asked for.

    Returns
    -------
    DataFrame
        The raw rows with effect_state, and pooling (pooled|few_districts|null where the district
        says nothing itself), n_districts_pooled. What the weights are like is told of estimates
        alone, and that nobody started reads as that few did: it would tell one or two from none.
    """
    keys = ["district", "intervention_id", "protocol_hash", "estimand"]
    of_effect = ["protocol_hash", "estimand"]
    pooled = status.filter(pl.col("source") == "shrunk")
    n_pooled = (
        pooled.filter(pl.col("district") != CITY)
        .group_by(of_effect)
        .agg(n_districts_pooled=pl.len().cast(pl.Int32))
    )
    pooling = pooled.select(
        *keys,
        pooling=pl.when(pl.col("status") == "estimated").then(pl.lit("pooled")).otherwise("reason"),
    )
    raw = (
        status.filter(pl.col("source") == "raw")
        .join(pooling, on=keys, how="left")
        .join(n_pooled, on=of_effect, how="left")
    )
    is_estimated = pl.col("status") == "estimated"
    return raw.with_columns(
        pl.col("n_districts_pooled").fill_null(0),
        effect_state="status",
        reason=pl.col("reason").replace({"no_starters": "few_starters"}),
        effective_sample_size=pl.when(is_estimated).then("effective_sample_size"),
        max_weight=pl.when(is_estimated).then("max_weight"),
        n_draws=pl.lit(n_draws, dtype=pl.Int32),
    ).sort(keys)


def with_starters(table: pl.DataFrame, status: pl.DataFrame) -> pl.DataFrame:
    """A table by district and intervention (and estimand) with `n_starters` and `one_person` beside
    each row: what disclosure control looks at. Without an estimand one_person is the largest.
    """
    keys = [name for name in ("district", "intervention_id", "estimand") if name in table.columns]
    behind = (
        status.filter(pl.col("source") == "raw")
        .group_by(keys)
        .agg(pl.col("n_starters").first(), pl.col("one_person").max())
    )
    return table.join(behind, on=keys, how="left", maintain_order="left")
