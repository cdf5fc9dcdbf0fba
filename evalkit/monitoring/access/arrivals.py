"""Who came to support, and what came first: an intervention, the end of support, death or a move.

Everybody counts once, with the first spell of the counted years that was seen to begin, where they
were in no intervention when it began. Whoever had been in one before counts as starting again: what
is asked is whether support leads to one. A start counts up to the month after the last on support,
since support can end because of it; a start in the month in which support ends comes before the
end.
"""

import polars as pl

from evalkit.line.characteristics import CASE_MIX, NOT_KNOWN
from evalkit.monitoring_rules import MonitoringRules
from evalkit.months import month_number_expr, month_of_number_expr

START, LEFT, OUT = "start", "left_support", "out"
MONTHS_A_YEAR = 12


def arrivals(
    spells: pl.DataFrame, episodes: pl.DataFrame, *, rules: MonitoringRules
) -> pl.DataFrame:
    """The people who came to support and could be followed, with the first that happened to them.

    Parameters
    ----------
    spells : DataFrame
        As `spells.spells_by_characteristic` makes it, of all spells and characteristics
        (`evalkit.line.characteristics.CASE_MIX`).
    episodes : DataFrame
        Table `episodes`.
    rules : MonitoringRules
        Within how many months a start counts, of how many years, and which districts are pooled.

    Returns
    -------
    DataFrame
        One row per person: person_id, cluster_id, district (of the area), weight, start and end (of
        the spell, half-open), year (of the first month), counted_from and counted_through (the
        first and the last month in which somebody who came is counted), the characteristics
        ("not_known" where the extract does not hold them), months (to the first event, or as far as
        the person is followed; the first month on support is 1) and event (start, left_support,
        out; null: still on support). Without rows where nobody is in an intervention.
    """
    began = _first_spells(spells, episodes, rules)
    starts = episodes.select("person_id", started=month_number_expr("start"))
    first_start = (
        began.join(starts, on="person_id")
        .filter(pl.col("started").is_between("first", pl.col("after")))
        .group_by("person_id")
        .agg(pl.col("started").min())
    )
    followed = began.join(first_start, on="person_id", how="left", maintain_order="left")
    to_start = pl.min_horizontal(pl.col("started") - pl.col("first") + 1, "length")
    is_start, is_out = pl.col("started").is_not_null(), pl.col("exit") == "out"
    return followed.select(
        "person_id",
        "cluster_id",
        pl.col("district").replace(rules.areas),
        "weight",
        "start",
        "end",
        pl.col("start").dt.year().alias("year"),
        "counted_from",
        "counted_through",
        *CASE_MIX,
        months=pl.when(is_start).then(to_start).otherwise("length"),
        event=pl.when(is_start)
        .then(pl.lit(START))
        .when(is_out)
        .then(pl.lit(OUT))
        .when(pl.col("exit").is_not_null())
        .then(pl.lit(LEFT)),
    )


def started_within(months: int) -> pl.Expr:
    """Whether a person of `arrivals` started an intervention within so many months."""
    return (pl.col("event") == START).fill_null(False) & (pl.col("months") <= months)


def _first_spells(
    spells: pl.DataFrame, episodes: pl.DataFrame, rules: MonitoringRules
) -> pl.DataFrame:
    """Each person's first spell of the counted years, with its characteristics beside each other,
    and first and after (numbers of its first month, and of the first after it).
    """
    each = spells.unique(["person_id", "spell_no"], maintain_order=True).with_columns(
        first=month_number_expr("start"), after=month_number_expr("end"), length="months"
    )
    last = pl.col("after").max() - rules.access_months[1]
    first = pl.max_horizontal(last - MONTHS_A_YEAR * rules.access_years + 1, pl.col("first").min())
    each = each.with_columns(
        counted_from=month_of_number_expr(first), counted_through=month_of_number_expr(last)
    )
    is_counted = pl.col("start").is_between("counted_from", "counted_through")
    new = (
        each.filter(is_counted, pl.col("is_start_known"), pl.col("entry") == 0)
        if episodes.height
        else each.clear()
    )
    inside = (
        new.select("person_id", "spell_no", "first")
        .join(episodes.select("person_id", "start", "end"), on="person_id")
        .filter(
            month_number_expr("start") < pl.col("first"),
            pl.col("end").is_null() | (month_number_expr("end") > pl.col("first")),
        )
    )
    first = (
        new.join(inside, on=["person_id", "spell_no"], how="anti")
        .sort("person_id", "spell_no")
        .unique("person_id", keep="first", maintain_order=True)
        .drop("characteristic", "group")
    )
    for name in CASE_MIX:
        groups = spells.filter(characteristic=name).select("person_id", "spell_no", group="group")
        first = (
            first.join(groups, on=["person_id", "spell_no"], how="left", maintain_order="left")
            .with_columns(pl.col("group").fill_null(NOT_KNOWN))
            .rename({"group": name})
        )
    return first


def told_apart(people: pl.DataFrame) -> list[str]:
    """The characteristics of which the people have more than one group."""
    given = [name for name in CASE_MIX if name in people.columns]
    return [name for name in given if people[name].n_unique() > 1]
