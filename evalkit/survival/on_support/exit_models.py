"""What exits from support depend on: hazard models of support spells as tables that say on how many
persons each number rests.

A coefficient rests on few persons when few of those who left that way have the covariate, or few
lack it; `n_persons` is the smaller number, so that disclosure control can withhold the row.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.survival.regression.cox import cox
from evalkit.survival.regression.discrete_hazard import DiscreteHazardFit, discrete_hazard
from evalkit.survival.regression.proportional_hazards import proportional_hazards_test
from evalkit.survival.regression.standardise import standardised_curves


class _Spell(TypedDict):
    """Which columns of `exit_rows` play which part."""

    time: str
    event: str
    entry: str


_SPELL: _Spell = {"time": "months", "event": "exit", "entry": "entry"}


def exit_rows(
    spells: pl.DataFrame, people: pl.DataFrame, *, covariates: Sequence[str]
) -> pl.DataFrame:
    """Support spells of known beginning (see `on_support`), with what is known of the person;
    `female` is made from `sex`.

    Returns
    -------
    DataFrame
        One row per spell: person_id, cluster_id, district, entry, months, exit and the covariates,
        none of them missing.

    Raises
    ------
    EstimationError
        If covariates are missing: names each with the number of spells that lack it.
    """
    known = people.with_columns(female=(pl.col("sex") == "female").cast(pl.Int32)).select(
        "person_id", *covariates
    )
    rows = spells.filter(pl.col("is_start_known")).join(
        known, on="person_id", how="left", maintain_order="left"
    )
    rows = rows.select(
        "person_id", "cluster_id", "district", "entry", "months", "exit", *covariates
    )
    missing = {name: n for name in covariates if (n := rows[name].null_count())}
    if missing:
        n_rows = rows.filter(pl.any_horizontal(pl.col(list(missing)).is_null())).height
        raise EstimationError(
            f"{n_rows:,} of {rows.height:,} spells lack a covariate.",
            where=", ".join(f'"{name}" {n:,}' for name, n in missing.items()),
            why="Spells left out of a model without a word would leave a model of those about whom "
            "more is known.",
            fix="leave these covariates out, give the missing ones a value of their own (a column "
            "that says so), or choose the people first.",
        )
    return rows


def cox_exit_terms(
    rows: pl.DataFrame, *, covariates: Sequence[str], conf_level: float = 0.95
) -> pl.DataFrame:
    """Hazard ratios of every kind of exit, with their own baseline per district and errors by
    household.

    Returns
    -------
    DataFrame
        exit, term, hazard_ratio, ci_lower, ci_upper (of the ratio), n_persons.
    """
    tables = []
    for kind in _exits(rows):
        terms = cox(
            rows,
            **_SPELL,
            cause=kind,
            covariates=covariates,
            strata=["district"],
            cluster="cluster_id",
            conf_level=conf_level,
        ).terms
        tables.append(
            terms.select(
                pl.lit(kind).alias("exit"),
                "term",
                "hazard_ratio",
                pl.col("ci_lower", "ci_upper").exp(),
            )
        )
    return pl.concat(tables).join(_support(rows, covariates), on=["exit", "term"], how="left")


def hazard_drift(rows: pl.DataFrame, *, covariates: Sequence[str]) -> pl.DataFrame:
    """Whether the hazard ratios of `cox_exit_terms` stay the same over the months: exit, term,
    statistic, n_terms, p_value, n_persons.
    """
    tables = [
        proportional_hazards_test(
            rows, **_SPELL, cause=kind, covariates=covariates, strata=["district"]
        ).with_columns(exit=pl.lit(kind))
        for kind in _exits(rows)
    ]
    support = _support(rows, covariates)
    together = (
        support.group_by("exit")
        .agg(pl.col("n_persons").min(), term=pl.lit("all terms"))
        .select("exit", "term", "n_persons")
    )
    table = pl.concat(tables).join(pl.concat([support, together]), on=["exit", "term"], how="left")
    return table.select("exit", "term", "statistic", "n_terms", "p_value", "n_persons")


def exit_hazards(
    rows: pl.DataFrame,
    *,
    covariates: Sequence[str],
    band_starts: Sequence[int] = (1, 2, 3, 4, 7, 13),
) -> DiscreteHazardFit:
    """The monthly chance of every kind of exit, by month of the spell and covariates; errors by
    household (`discrete_hazard`).
    """
    return discrete_hazard(
        rows, **_SPELL, covariates=covariates, band_starts=band_starts, cluster="cluster_id"
    )


def exit_hazard_terms(fit: DiscreteHazardFit, rows: pl.DataFrame) -> pl.DataFrame:
    """Coefficients of `exit_hazards`: exit, term, estimate, std_error, ci_lower, ci_upper (log odds
    or log odds ratio), n_persons.
    """
    bands = fit.terms["term"].to_list()[: len(fit.band_starts)]
    of_month = np.array(fit.band_starts)
    left = rows.filter(pl.col("exit").is_not_null())
    band = np.searchsorted(of_month, left["months"].to_numpy(), side="right") - 1
    by_band = (
        left.with_columns(term=pl.Series(bands).gather(band))
        .group_by("exit", "term")
        .agg(n_persons=pl.col("person_id").n_unique())
    )
    support = pl.concat([by_band, _support(rows, fit.covariates).select(by_band.columns)])
    table = fit.terms.rename({"cause": "exit"}).join(
        support, on=["exit", "term"], how="left", maintain_order="left"
    )
    return table.select(
        "exit", "term", "estimate", "std_error", "ci_lower", "ci_upper", "n_persons"
    )


def standardised_exits(
    fit: DiscreteHazardFit,
    rows: pl.DataFrame,
    *,
    settings: Mapping[str, Mapping[str, float]],
    months: Sequence[int],
    reference: str | None = None,
) -> pl.DataFrame:
    """Shares that have left in each way by some months if covariates of everybody were set
    (`standardised_curves`).

    Returns
    -------
    DataFrame
        setting, exit, month, estimate, ci_lower, ci_upper (shares, or differences from the
        reference), n_persons (the fewest persons who left that way with, or without, one of the
        covariates that are set).
    """
    table = standardised_curves(fit, rows, settings=settings, reference=reference).rename(
        {"cause": "exit", "time": "month"}
    )
    chosen = sorted({name for setting in settings.values() for name in setting})
    support = (
        _support(rows, chosen or fit.covariates).group_by("exit").agg(pl.col("n_persons").min())
    )
    shown = table.filter(pl.col("month").is_in(list(months)), pl.col("exit") != "still_running")
    return shown.join(support, on="exit", how="left", maintain_order="left").select(
        "setting", "exit", "month", "estimate", "ci_lower", "ci_upper", "n_persons"
    )


def _exits(rows: pl.DataFrame) -> list[str]:
    kinds = rows["exit"].drop_nulls().unique().sort().to_list()
    if not kinds:
        raise EstimationError(
            "Nobody has left support.",
            where=f'column "exit": missing in all of {rows.height} rows',
            why="Without a single exit there is nothing that people's characteristics could "
            "explain.",
            fix="follow the spells for longer, or look at the filter before.",
        )
    return kinds


def _support(rows: pl.DataFrame, covariates: Sequence[str]) -> pl.DataFrame:
    """exit, term, n_persons: the fewer persons among those who left that way with a value of the
    covariate above, or not above, its mean.
    """
    left = rows.filter(pl.col("exit").is_not_null())
    tables = [
        left.group_by("exit", above=pl.col(name) > rows[name].mean())
        .agg(n=pl.col("person_id").n_unique())
        .group_by("exit")
        .agg(
            n_persons=pl.when(pl.len() > 1).then(pl.col("n").min()).otherwise(0).first(),
            term=pl.lit(name).first(),
        )
        .select("exit", "term", "n_persons")
        for name in covariates
    ]
    return pl.concat(tables)
