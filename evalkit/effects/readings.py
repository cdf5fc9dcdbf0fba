"""What an effect's draws say beside the effect: the naive figure, unknown destinations, what could have been detected, what it would take.

Everything is read off the table `effect_draws`, so a district's readings stand beside the city's without any person's row.
"""

from statistics import NormalDist

import numpy as np
import polars as pl

from evalkit.draws import estimate_with_range
from evalkit.protocol import Protocol
from evalkit.tables import STATES

_KEYS = ["district", "intervention_id", "estimand"]
_POWER = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
_STILL_THERE = ("support", "programme")


def effect_readings(draws: pl.DataFrame, protocol: Protocol, *, conf_level: float = 0.95) -> pl.DataFrame:
    """Readings of one protocol's effects in the last month of follow-up.

    share_ended: of those who started, neither on support nor in a programme, whatever their destination, which is what a district reports;
    share_in_work and comparison_in_work: shares in the primary outcome; corrected: their difference; bias: share_ended less corrected, what
    would be claimed too much. none_work, all_work: the difference when nobody, or everybody, whose destination is unknown is in the primary
    outcome; worst_case, best_case: when all unknown among those who started are not, or are, and the opposite among those compared.
    detectable: the smallest difference found in four of five repetitions (two-sided test at 5 %); detectable_months: the same of months in the
    primary outcome. e_value, e_value_limit: the risk ratio that something unmeasured would need with both the start and the outcome to
    explain the ratio of shares away, or to move the limit nearer to none to it; 1 if the range holds no difference.

    Parameters
    ----------
    draws : DataFrame
        Table `effect_draws`, one protocol and source a district.

    Returns
    -------
    DataFrame
        district, intervention_id, estimand, reading, estimate, ci_lower, ci_upper (shares 0-1, months, ratios; no range where a reading is
        itself made from one), information (enough|too_little|null): too_little where nothing is found and less than `checks.relevant_share`
        could not have been either.

    References
    ----------
    Manski (1990), Am. Econ. Rev. 80:319. VanderWeele & Ding (2017), Ann. Intern. Med. 167:268. Bloom (1995), Eval. Rev. 19:547.
    """
    last = draws.filter(pl.col("month") == protocol.follow_up_months)
    shares = _ranged(_shares(last, protocol), conf_level)
    errors = pl.concat([_errors(last, protocol, "detectable"), _errors(draws, protocol, "detectable_months")])
    e_values = _e_values(shares)
    tidy = pl.concat([shares, errors, e_values], how="diagonal").select(*_KEYS, "reading", "estimate", "ci_lower", "ci_upper")
    return tidy.join(_information(shares, errors, protocol), on=_KEYS, how="left").sort(*_KEYS, "reading")


def e_value(risk_ratio: float) -> float:
    """VanderWeele & Ding's E-value of a risk ratio: RR + sqrt(RR (RR - 1)), of the inverse if below 1.

    References
    ----------
    VanderWeele & Ding (2017), Ann. Intern. Med. 167:268.
    """
    if not risk_ratio > 0:
        return float("inf") if risk_ratio == 0 else float("nan")
    ratio = max(risk_ratio, 1 / risk_ratio)
    return float(ratio + np.sqrt(ratio * (ratio - 1)))


def _shares(last: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    """Every reading that is a share or a difference of shares, by draw."""
    states = STATES.select("outcome", "state_class").unique()
    ended = ~pl.col("state").is_in(states.filter(pl.col("state_class").is_in(_STILL_THERE))["outcome"].to_list())
    named = {"ended": ended, "work": pl.col("state") == protocol.primary_outcome, "unknown": pl.col("state") == "unknown"}
    sums = [
        pl.col("probability").filter(condition & (pl.col("arm") == arm)).sum().alias(f"{name}_{arm}")
        for name, condition in named.items()
        for arm in ("treated", "comparison")
    ]
    wide = last.group_by(*_KEYS, "draw").agg(sums)
    work, other, unknown, unknown_other = (pl.col(c) for c in ("work_treated", "work_comparison", "unknown_treated", "unknown_comparison"))
    readings = {
        "share_ended": pl.col("ended_treated"),
        "share_in_work": work,
        "comparison_in_work": other,
        "corrected": work - other,
        "bias": pl.col("ended_treated") - (work - other),
        "none_work": work - other,
        "all_work": work + unknown - other - unknown_other,
        "worst_case": work - other - unknown_other,
        "best_case": work + unknown - other,
    }
    return wide.select(*_KEYS, "draw", **readings).unpivot(index=[*_KEYS, "draw"], variable_name="reading", value_name="value")


def _ranged(values: pl.DataFrame, conf_level: float) -> pl.DataFrame:
    return values.group_by(*_KEYS, "reading").agg(estimate_with_range("value", conf_level=conf_level))


def _errors(draws: pl.DataFrame, protocol: Protocol, reading: str) -> pl.DataFrame:
    """The detectable difference: 2.80 standard deviations of the replicates of the summed difference."""
    sign = pl.when(pl.col("arm") == "treated").then(1.0).otherwise(-1.0)
    differences = (
        draws.filter((pl.col("state") == protocol.primary_outcome) & (pl.col("draw") > 0) & (pl.col("month") > 0))
        .select(*_KEYS, "draw", value=sign * pl.col("probability"))
        # In one order, so that sums and standard deviations are the same to the last bit whenever they are made.
        .sort(*_KEYS, "draw", maintain_order=True)
        .group_by(*_KEYS, "draw", maintain_order=True)
        .agg(pl.col("value").sum())
    )
    return differences.group_by(_KEYS).agg(estimate=_POWER * pl.col("value").std()).with_columns(reading=pl.lit(reading))


def _e_values(shares: pl.DataFrame) -> pl.DataFrame:
    wide = shares.pivot("reading", index=_KEYS, values=["estimate", "ci_lower", "ci_upper"])
    rows = []
    for row in wide.iter_rows(named=True):
        base, low, high = row["estimate_comparison_in_work"], row["ci_lower_corrected"], row["ci_upper_corrected"]
        near = None if low is None or high is None else low if low > 0 else high if high < 0 else 0.0
        of_limit = None if near is None else e_value((base + near) / base) if base > 0 else None
        of_estimate = e_value(row["estimate_share_in_work"] / base) if base > 0 else None
        rows += [{**{key: row[key] for key in _KEYS}, "reading": name, "estimate": value} for name, value in
                 (("e_value", of_estimate), ("e_value_limit", of_limit))]  # fmt: skip
    return pl.DataFrame(rows, schema={**dict.fromkeys([*_KEYS, "reading"], pl.String), "estimate": pl.Float64})


def _information(shares: pl.DataFrame, errors: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    corrected = shares.filter(pl.col("reading") == "corrected").select(*_KEYS, "ci_lower", "ci_upper")
    detectable = errors.filter(pl.col("reading") == "detectable").select(*_KEYS, detectable="estimate")
    finds_nothing = (pl.col("ci_lower") <= 0) & (pl.col("ci_upper") >= 0)
    is_blind = finds_nothing & (pl.col("detectable") > protocol.checks.relevant_share)
    verdict = pl.when(is_blind).then(pl.lit("too_little")).otherwise(pl.lit("enough"))
    return corrected.join(detectable, on=_KEYS).select(*_KEYS, information=verdict)
