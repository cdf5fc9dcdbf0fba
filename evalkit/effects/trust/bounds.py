"""Readings of an effect: the naive figure, bounds for unknown destinations, and the smallest effect
that could have been detected.

All come from the table `effect_draws`, for a district and the city alike; no person's row is
needed.
"""

from statistics import NormalDist

import polars as pl

from evalkit.draws import estimate_with_range, with_words
from evalkit.line.protocol import Protocol
from evalkit.line.states import members_of, outcomes_of_class

_KEYS = ["district", "intervention_id", "estimand"]
_POWER = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
_STILL_THERE = ("support", "programme")
# What the register cannot see: nobody knows what people lived on, or they have left the register's
# area or died.
_UNSEEN = ("unknown", "out")


def effect_readings(
    draws: pl.DataFrame, protocol: Protocol, *, conf_level: float = 0.95
) -> pl.DataFrame:
    """Readings of one protocol's effects: shares in the last month of follow-up, and months up to
    it.

    share_ended: of those who started, neither on support nor in a programme, whatever their
    destination, as districts report it. share_in_work, comparison_in_work: shares in the primary
    outcome by arm. corrected: their difference. bias: share_ended less corrected, by which a naive
    report claims too much.

    In some months the register does not see what people live on: it is unknown, or they have moved
    or died. The effect counts these months as not in the primary outcome. none_work, all_work: the
    difference if none, or all, of them were. worst_case, best_case: if none were among those who
    started and all among the comparison, and the opposite. Nobody works after death, so these
    bounds are too wide rather than too narrow. none_work_months and so on: the same in months in
    the primary outcome. Where it is being without support, payments show every month of it, and
    there are no such bounds.

    detectable: the smallest difference that a two-sided test at 5 % finds with a power of 80 %;
    detectable_months: the same in months.

    Parameters
    ----------
    draws : DataFrame
        Table `effect_draws` of one protocol, one source per district.

    Returns
    -------
    DataFrame
        district, intervention_id, estimand, reading, estimate, ci_lower, ci_upper (shares 0-1,
        months; no range where a reading is made from one), information
        (enough|too_little|null): too_little where no difference is found and the detectable one is
        larger than `checks.relevant_share`.

    References
    ----------
    Manski (1990), Am. Econ. Rev. 80:319. Bloom (1995), Eval. Rev. 19:547.
    """
    last, followed = (
        draws.filter(pl.col("month") == protocol.follow_up_months),
        draws.filter(pl.col("month") > 0),
    )
    shares = _ranged(_shares(last, protocol), conf_level)
    bounds = [
        _ranged(_bounds(months, protocol, suffix=suffix), conf_level)
        for months, suffix in ((last, ""), (followed, "_months"))
        if protocol.is_work_observed
    ]
    errors = pl.concat(
        [_errors(last, protocol, "detectable"), _errors(draws, protocol, "detectable_months")]
    )
    tidy = pl.concat([shares, *bounds, errors], how="diagonal").select(
        *_KEYS, "reading", "estimate", "ci_lower", "ci_upper"
    )
    return tidy.join(_information(shares, errors, protocol), on=_KEYS, how="left").sort(
        *_KEYS, "reading"
    )


def _shares(last: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    """Shares and their difference in the last month, by draw."""
    outcomes = {
        "ended": ~_is_of_class(*_STILL_THERE),
        "work": pl.col("state").is_in(members_of(protocol.primary_outcome)),
    }
    work, other = pl.col("work_treated"), pl.col("work_comparison")
    return _derived(
        _sums(last, outcomes),
        share_ended=pl.col("ended_treated"),
        share_in_work=work,
        comparison_in_work=other,
        corrected=work - other,
        bias=pl.col("ended_treated") - (work - other),
    )


def _bounds(months: pl.DataFrame, protocol: Protocol, *, suffix: str = "") -> pl.DataFrame:
    """Bounds of the difference in the primary outcome, summed over months, by draw.

    References
    ----------
    Manski (1990), Am. Econ. Rev. 80:319.
    """
    is_primary = pl.col("state").is_in(members_of(protocol.primary_outcome))
    wide = _sums(months, {"work": is_primary, "unseen": _is_of_class(*_UNSEEN)})
    difference = pl.col("work_treated") - pl.col("work_comparison")
    unseen, other = pl.col("unseen_treated"), pl.col("unseen_comparison")
    limits = {
        "none_work": difference,
        "all_work": difference + unseen - other,
        "worst_case": difference - other,
        "best_case": difference + unseen,
    }
    return _derived(wide, **{name + suffix: value for name, value in limits.items()})


def _is_of_class(*classes: str) -> pl.Expr:
    return pl.col("state").is_in(outcomes_of_class(*classes))


def _sums(months: pl.DataFrame, conditions: dict[str, pl.Expr]) -> pl.DataFrame:
    """NAME_ARM: the probabilities of the named states summed over months, by draw."""
    # In one order, so that sums are the same to the last bit whenever they are made.
    counted = months.filter(pl.any_horizontal(*conditions.values()))
    ordered = counted.sort(*_KEYS, "draw", maintain_order=True).group_by(
        *_KEYS, "draw", maintain_order=True
    )
    arms = ("treated", "comparison")
    sums = ordered.agg(
        pl.col("probability")
        .filter(condition & (pl.col("arm") == arm))
        .sum()
        .alias(f"{name}_{arm}")
        for name, condition in conditions.items()
        for arm in arms
    )
    return with_words(sums)


def _derived(wide: pl.DataFrame, **readings: pl.Expr) -> pl.DataFrame:
    return wide.select(*_KEYS, "draw", **readings).unpivot(
        index=[*_KEYS, "draw"], variable_name="reading", value_name="value"
    )


def _ranged(values: pl.DataFrame, conf_level: float) -> pl.DataFrame:
    return values.group_by(*_KEYS, "reading").agg(
        estimate_with_range("value", conf_level=conf_level)
    )


def _errors(draws: pl.DataFrame, protocol: Protocol, reading: str) -> pl.DataFrame:
    """The detectable difference: 2.80 standard deviations of the replicates of the summed
    difference.
    """
    sign = pl.when(pl.col("arm") == "treated").then(1.0).otherwise(-1.0)
    differences = (
        draws.filter(
            pl.col("state").is_in(members_of(protocol.primary_outcome))
            & (pl.col("draw") > 0)
            & (pl.col("month") > 0)
        )
        .select(*_KEYS, "draw", value=sign * pl.col("probability"))
        # In one order, so that sums and standard deviations are the same to the last bit whenever
        # they are made.
        .sort(*_KEYS, "draw", maintain_order=True)
        .group_by(*_KEYS, "draw", maintain_order=True)
        .agg(pl.col("value").sum())
    )
    return (
        with_words(differences)
        .group_by(_KEYS)
        .agg(estimate=_POWER * pl.col("value").std())
        .with_columns(reading=pl.lit(reading))
    )


def _information(shares: pl.DataFrame, errors: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    corrected = shares.filter(pl.col("reading") == "corrected").select(
        *_KEYS, "ci_lower", "ci_upper"
    )
    detectable = errors.filter(pl.col("reading") == "detectable").select(
        *_KEYS, detectable="estimate"
    )
    finds_nothing = (pl.col("ci_lower") <= 0) & (pl.col("ci_upper") >= 0)
    is_blind = finds_nothing & (pl.col("detectable") > protocol.checks.relevant_share)
    verdict = pl.when(is_blind).then(pl.lit("too_little")).otherwise(pl.lit("enough"))
    return corrected.join(detectable, on=_KEYS).select(*_KEYS, information=verdict)
