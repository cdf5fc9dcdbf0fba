"""Who could start in which month, and who did: the rows of the trials."""

import numpy as np
import polars as pl

from evalkit.effects.trials.earlier_participation import without_earlier
from evalkit.effects.trials.stays import episode_months
from evalkit.line.protocol import Protocol
from evalkit.months import month_number_expr

# Months of one person stay apart from the next person's when both are one number.
_MONTH_SPAN = 2**21


def months_of_choice(
    spells: pl.DataFrame, episodes: pl.DataFrame, protocol: Protocol, *, origin: int, last: int
) -> pl.DataFrame:
    """Every month up to `last` in which somebody on support could start, and whether they did.

    Returns
    -------
    DataFrame
        person_id, cluster_id, district, trial_month, arm (treated|comparison), elapsed_months,
        planned_months, is_still_on_support (in the trial month), is_open (a trial may begin by the
        protocol's rules about participation), next_start; sorted by person and month. Months of the
        protocol, of which the extract's first is 1; `origin` is its number (`months.month_number`).
    """
    return _assign(_eligible(spells, episodes, protocol, origin, last), episodes, protocol, origin)


def _eligible(
    spells: pl.DataFrame, episodes: pl.DataFrame, protocol: Protocol, origin: int, last: int
) -> pl.DataFrame:
    """One row per person and month in which they were on support the month before, and then in none
    of the interventions compared.

    is_open: a trial may begin, by the protocol's other rules. Months before the person's first such
    month are left out; later ones are months of waiting all the same.
    """
    rule = protocol.eligibility
    months = spells.select(
        "person_id",
        "district",
        cluster_id="cluster_id" if "cluster_id" in spells.columns else "person_id",
        spell_start=month_number_expr("start") - origin + 1,
        is_start_known="is_start_known",
        spell_end=month_number_expr("end") - origin + 1,
        lowest=pl.max_horizontal(month_number_expr("start") - origin + 2, pl.lit(rule.from_month)),
        highest=pl.min_horizontal(month_number_expr("end") - origin + 1, pl.lit(last)),
    ).filter(pl.col("lowest") <= pl.col("highest"))
    rows = (
        months.with_columns(
            trial_month=pl.int_ranges("lowest", pl.col("highest") + 1, dtype=pl.Int32)
        )
        .explode("trial_month")
        .with_columns(
            elapsed_months=pl.when("is_start_known").then(
                pl.col("trial_month") - pl.col("spell_start")
            ),
            # What was paid decides, whatever state is on record beside it (a programme, say).
            is_still_on_support=pl.col("trial_month") < pl.col("spell_end"),
        )
    )
    # Whoever is in one of the interventions compared cannot start it.
    for compared in filter(None, (protocol.intervention_id, protocol.other_intervention_id)):
        rows = _without(rows, _running(rows, episodes, compared, origin))
    rows = rows.with_columns(is_open=pl.Series(_is_open(rows, episodes, protocol, origin)))
    # Time zero asks; afterwards a start is a start, whatever the person has taken part in
    # meanwhile.
    first_open = pl.col("trial_month").filter("is_open").min().over("person_id")
    return rows.filter(pl.col("trial_month") >= first_open)


def _is_open(
    rows: pl.DataFrame, episodes: pl.DataFrame, protocol: Protocol, origin: int
) -> np.ndarray:
    """Whether a trial may begin in the row's month by the rules about participation (during, after,
    exclude_participation).
    """
    rule = protocol.eligibility
    if not (rule.during or rule.after or rule.exclude_participation):
        return np.ones(len(rows), bool)
    asked = rows.select("person_id", "trial_month").with_row_index("row")
    left = asked
    if rule.during:
        left = _only(left, _running(left, episodes, rule.during, origin))
    if rule.after:
        steps = left.join(episode_months(episodes, rule.after, origin), on="person_id")
        since = pl.col("trial_month") - pl.col("episode_end")
        goes_on = steps.filter((pl.col("episode_start") < pl.col("trial_month")) & (since < 0))
        left = _without(
            _only(left, steps.filter(since.is_between(0, rule.within_months - 1))), goes_on
        )
    left = without_earlier(left, episodes, protocol.exclusions, origin)
    return np.isin(asked["row"].to_numpy(), left["row"].to_numpy())


def _assign(
    eligible: pl.DataFrame, episodes: pl.DataFrame, protocol: Protocol, origin: int
) -> pl.DataFrame:
    keys = ["person_id", "trial_month"]
    episodes = _told_apart_by_hours(episodes, protocol)
    starts = episode_months(episodes, protocol.intervention_id, origin).rename(
        {"episode_start": "trial_month"}
    )
    rows = eligible.join(
        starts.select(*keys, "planned_months", arm=pl.lit("treated")), on=keys, how="left"
    )
    if protocol.other_start:
        other = episode_months(episodes, protocol.other_start, origin).select(
            "person_id", trial_month="episode_start"
        )
        rows = rows.filter(pl.col("arm").is_not_null()).vstack(
            _only(rows.filter(pl.col("arm").is_null()), other)
        )
    columns = [
        "person_id",
        "cluster_id",
        "district",
        "trial_month",
        "arm",
        "elapsed_months",
        "planned_months",
    ]
    columns += ["is_still_on_support", "is_open"]
    rows = rows.with_columns(pl.col("arm").fill_null("comparison")).select(columns).sort(keys)
    return rows.with_columns(next_start=_next_start(rows))


def _told_apart_by_hours(episodes: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    """Episodes in which those of the protocol's intervention with fewer hours than its dose have
    the name of their own, and those of unknown hours are left out. The same where it asks for no
    dose.
    """
    if protocol.dose_hours is None:
        return episodes
    is_own, hours = pl.col("intervention_id") == protocol.intervention_id, pl.col("hours_per_week")
    fewer = pl.when(is_own & (hours < protocol.dose_hours)).then(pl.lit(protocol.other_start))
    return episodes.filter(~is_own | hours.is_not_null()).with_columns(
        intervention_id=fewer.otherwise("intervention_id")
    )


def _next_start(rows: pl.DataFrame) -> pl.Series:
    """Follow-up month (the trial month is 1) of the same person's next start from support; null if
    there is none.
    """
    person = rows["person_id"].rle_id().to_numpy().astype(np.int64)
    month, is_start = rows["trial_month"].to_numpy(), (rows["arm"] == "treated").to_numpy()
    position = person * _MONTH_SPAN + month
    starts = np.append(position[is_start], np.iinfo(np.int64).max)
    following = starts[np.searchsorted(starts, position, side="right")]
    same = following // _MONTH_SPAN == person
    return pl.Series(np.where(same, following - position + 1, 0).astype(np.int32)).replace(0, None)


def _running(
    rows: pl.DataFrame, episodes: pl.DataFrame, intervention_id: str, origin: int
) -> pl.DataFrame:
    """The rows whose person was in an intervention in the month before."""
    return rows.join(episode_months(episodes, intervention_id, origin), on="person_id").filter(
        (pl.col("episode_start") < pl.col("trial_month"))
        & (pl.col("trial_month") <= pl.col("episode_end"))
    )


def _only(rows: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    return rows.join(
        chosen.select("person_id", "trial_month"), on=["person_id", "trial_month"], how="semi"
    )


def _without(rows: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    return rows.join(
        chosen.select("person_id", "trial_month"), on=["person_id", "trial_month"], how="anti"
    )
