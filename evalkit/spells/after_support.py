"""What came after support: whether work lasted, and whether support began again.

An exit to work is sustained when the person is in it in every one of the first months after the
spell: in unsubsidised work, or, by the wider definition, in any work. Where nobody knows who works,
an exit is sustained, as far as it can be said, when no support was paid for longer than that, since
shorter gaps do not end a spell. A return is the person's next support spell; it came within h
months when support was paid again in one of the first h months after the spell.
"""

from collections.abc import Sequence

import polars as pl

from evalkit.line.states import SUSTAINED_MONTHS, members_of
from evalkit.months import month_number_expr
from evalkit.spells.extent import Extent
from evalkit.tables import with_city

RETURN_WITHIN_MONTHS = (6, 12)
# Both definitions of work: the measure, and the outcome whose exits it is about.
WORK_MEASURES = {"sustained_work": "work", "sustained_any_work": "any_work"}
# Where work is not observed: months without support in a row.
WITHOUT_SUPPORT_MEASURE, WITHOUT_SUPPORT_MONTHS = "sustained_without_support", 6
_COUNTED = {
    "all": pl.lit(True),
    "yes": pl.col("answer") == "yes",
    "unknown": pl.col("answer") == "unknown",
}


def after_support(
    spells: pl.DataFrame,
    intervals: pl.DataFrame,
    *,
    extent: Extent,
    sustained_months: int = SUSTAINED_MONTHS,
) -> pl.DataFrame:
    """Spells of known beginning that ended: whether several months of work followed, and when
    support began again.

    Parameters
    ----------
    spells, intervals : DataFrame
        Tables support_spells and state_intervals (at the level of outcomes).
    extent : Extent
        As the spells were built.
    sustained_months : int
        Months of work in a row, from the first month after the spell, that make an exit sustained.
        Months, > 0.

    Returns
    -------
    DataFrame
        person_id, spell_no, district, exit, sustained_work and sustained_any_work (yes, no,
        unknown: no state is known for one of those months; null: not followed so far),
        sustained_without_support (yes, no, null), months_without_support (whole months before
        support began again; null: it has not), months_followed (months after the spell in which a
        return would be known). Spells that ended by death or moving away cannot return and are left
        out.
    """
    ordered = spells.sort("person_id", "spell_no").with_columns(
        after=month_number_expr("end") - extent.first,
        next_start=pl.col("start").shift(-1).over("person_id"),
    )
    ended = ordered.filter(
        "is_start_known", pl.col("exit").is_not_null() & (pl.col("exit") != "out")
    )
    answered = _with_sustained_work(
        ended, intervals, n_months=extent.n_months, sustained_months=sustained_months
    )
    without_support = month_number_expr("next_start") - month_number_expr("end")
    followed = extent.last_known_exits - month_number_expr("end") + 1
    is_back = (without_support < WITHOUT_SUPPORT_MONTHS).fill_null(False)
    # Gaps that the rule bridges end no spell: where it is longer, the question answers itself.
    is_asked = (followed >= WITHOUT_SUPPORT_MONTHS) & (
        extent.max_gap_months < WITHOUT_SUPPORT_MONTHS
    )
    sustained = pl.when(is_back).then(pl.lit("no")).otherwise(pl.lit("yes"))
    return answered.select(
        "person_id",
        "spell_no",
        "district",
        "exit",
        *WORK_MEASURES,
        pl.when(is_asked).then(sustained).alias(WITHOUT_SUPPORT_MEASURE),
        months_without_support=without_support,
        months_followed=followed,
    ).sort("person_id", "spell_no")


def after_support_counts(
    after: pl.DataFrame, *, return_within_months: Sequence[int] = RETURN_WITHIN_MONTHS
) -> pl.DataFrame:
    """How many exits to work lasted, and how many spells were followed by support again, per
    district and for the city.

    Parameters
    ----------
    after : DataFrame
        As `after_support` gives it.
    return_within_months : sequence of int
        Within how many months support may begin again. Months, > 0.

    Returns
    -------
    DataFrame
        district, measure (sustained_work, sustained_any_work: of the exits to work, or to any work;
        sustained_without_support, back_within_6, back_within_12: of all ends but death and moving
        away), answer (all, yes, unknown), n_spells, n_persons, n_whole (the spells followed so
        far), share (of these, 0-1).
    """
    answers = [
        after.filter(pl.col("exit").is_in(members_of(outcome))).select(
            "person_id", "district", measure=pl.lit(measure), answer=measure
        )
        for measure, outcome in WORK_MEASURES.items()
    ]
    answers.append(
        after.select(
            "person_id",
            "district",
            measure=pl.lit(WITHOUT_SUPPORT_MEASURE),
            answer=WITHOUT_SUPPORT_MEASURE,
        )
    )
    for months in return_within_months:
        is_back = (pl.col("months_without_support") < months).fill_null(False)
        answer = (
            pl.when(is_back)
            .then(pl.lit("yes"))
            .when(pl.col("months_followed") >= months)
            .then(pl.lit("no"))
        )
        # Whoever is back early would be counted although others of the same month are not yet
        # followed so far: all or none of a month.
        followed = after.filter(pl.col("months_followed") >= months)
        answers.append(
            followed.select(
                "person_id", "district", measure=pl.lit(f"back_within_{months}"), answer=answer
            )
        )
    rows = pl.concat(answers).drop_nulls("answer")
    everywhere = with_city(rows)
    keys = ["district", "measure"]
    counted = [
        everywhere.filter(which)
        .group_by(keys)
        .agg(
            n_spells=pl.len().cast(pl.Int32),
            n_persons=pl.col("person_id").n_unique().cast(pl.Int32),
        )
        .with_columns(answer=pl.lit(answer))
        for answer, which in _COUNTED.items()
    ]
    grid = (
        everywhere.select(keys).unique().join(pl.DataFrame({"answer": list(_COUNTED)}), how="cross")
    )
    filled = grid.join(pl.concat(counted), on=[*keys, "answer"], how="left").with_columns(
        pl.col("n_spells", "n_persons").fill_null(0)
    )
    # A return is known or not followed; only states can be unknown.
    filled = filled.filter(
        (pl.col("answer") != "unknown") | pl.col("measure").is_in(list(WORK_MEASURES))
    )
    total = pl.col("n_spells").filter(pl.col("answer") == "all").first().over(keys)
    return (
        filled.with_columns(n_whole=total)
        .with_columns(share=pl.col("n_spells") / pl.col("n_whole"))
        .sort(*keys, "answer")
    )


def _with_sustained_work(
    ended: pl.DataFrame, intervals: pl.DataFrame, *, n_months: int, sustained_months: int
) -> pl.DataFrame:
    """The states from the first month after the spell to the last one asked for, by each definition
    of work: all of them work, one of them unknown, or neither.
    """
    is_unknown = pl.col("from_state") == "unknown"
    within = (
        ended.select("person_id", "spell_no", "after")
        .join(
            intervals.select("person_id", "start_month", "stop_month", "from_state"),
            on="person_id",
            how="inner",
        )
        .filter(
            (pl.col("start_month") < pl.col("after") + sustained_months)
            & (pl.col("stop_month") > pl.col("after"))
        )
        .group_by("person_id", "spell_no")
        .agg(
            pl.when(pl.col("from_state").is_in(members_of(outcome)).all())
            .then(pl.lit("yes"))
            .when(is_unknown.any())
            .then(pl.lit("unknown"))
            .otherwise(pl.lit("no"))
            .alias(measure)
            for measure, outcome in WORK_MEASURES.items()
        )
    )
    is_followed = pl.col("after") + sustained_months <= n_months
    return ended.join(within, on=["person_id", "spell_no"], how="left").with_columns(
        pl.when(is_followed).then(measure).alias(measure) for measure in WORK_MEASURES
    )
