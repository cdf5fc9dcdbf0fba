"""A protocol as people read it: one row per element of the target trial."""

from collections.abc import Sequence

import polars as pl

from evalkit.line.adjustment import ANY, MIN_CALENDAR_MONTHS, Covariate, Exclusion
from evalkit.line.protocol import Protocol, protocol_hash


def protocol_cards(protocols: Sequence[Protocol], language: str = "en") -> pl.DataFrame:
    """The cards of several protocols beside each other: columns `protocol`, `element`,
    `declared`.
    """
    return pl.concat(
        [
            protocol_card(protocol, language).insert_column(
                0, pl.lit(protocol.protocol).alias("protocol")
            )
            for protocol in protocols
        ]
    )


def protocol_card(protocol: Protocol, language: str = "en") -> pl.DataFrame:
    """The protocol as a readable card: one row per element of the target trial, columns `element`
    and `declared`.
    """
    eligibility, months, truncation = (
        protocol.eligibility,
        protocol.follow_up_months,
        protocol.truncation,
    )
    rows = [
        ("question", protocol.question[language]),
        (
            "eligible",
            f"{_eligible(protocol)}; trial months {eligibility.from_month} to "
            f"{eligibility.to_month}",
        ),
        ("time zero", "start of the trial month, the same in both arms"),
        ("treated", _treated(protocol)),
        *[
            (f"comparison: {comparison}", _comparison(protocol, comparison))
            for comparison in protocol.comparisons
        ],
        ("follow-up", f"{months} months, complete for everyone"),
        (
            "primary outcome",
            f"share in {protocol.primary_outcome}, months in {protocol.primary_outcome}",
        ),
        (
            "other outcomes",
            ", ".join(
                outcome for outcome in protocol.outcomes if outcome != protocol.primary_outcome
            ),
        ),
        ("estimand", f"{', '.join(protocol.estimands)} ({protocol.estimand})"),
        ("covariates", ", ".join(_covariate(covariate) for covariate in protocol.covariates)),
        ("calendar time", _calendar(protocol)),
        *([("earlier participation", _history(protocol))] if protocol.asks_for_history else []),
        ("moments", _moments(protocol)),
        ("subgroups", ", ".join(group.name for group in protocol.subgroups) or "none"),
        (
            "weights at most",
            ", ".join(f"{name} {value:g}" for name, value in truncation if value is not None)
            or "not truncated",
        ),
        ("refused", _refused(protocol)),
        ("hash", protocol_hash(protocol)),
    ]
    return pl.DataFrame(rows, schema=["element", "declared"], orient="row")


def _eligible(protocol: Protocol) -> str:
    rule, words = protocol.eligibility, f"{protocol.eligibility.state_before} in the month before"
    words += f", in {rule.during}" if rule.during else ""
    words += (
        f", {rule.after} ended at most {rule.within_months} months before" if rule.after else ""
    )
    return words + "".join(f", {_not_before(exclusion)}" for exclusion in protocol.exclusions)


def _not_before(exclusion: Exclusion) -> str:
    """Who is not excluded for earlier participation."""
    what = "any intervention" if exclusion.of == ANY else exclusion.of
    when = (
        "before, as far back as the extract goes"
        if exclusion.within_months is None
        else f"in the last {exclusion.within_months} months"
    )
    return f"not in {what} {when}"


def _covariate(covariate: Covariate) -> str:
    """Its name; one that has no term in this run is said to be left out."""
    return (
        covariate.name
        if covariate.terms
        else f"{covariate.name} (left out: the run has one district)"
    )


def _calendar(protocol: Protocol) -> str:
    calendar = protocol.calendar
    if calendar.form == "none":
        return "not adjusted for, as declared"
    if not protocol.calendar_terms:
        return f"left out: the trials span fewer than {MIN_CALENDAR_MONTHS} months"
    how = (
        f"a natural spline of {calendar.df} terms"
        if calendar.form == "spline"
        else "a straight line"
    )
    return (
        f"{how} over the trial months, in the propensity, in starting later and in the outcome "
        "models"
    )


def _history(protocol: Protocol) -> str:
    n_months = protocol.eligibility.from_month - 1
    known = (
        f"known from the extract's first month on, {n_months} months before the first trial, "
        "and not what ended before"
    )
    return (
        f"{known}; the answer is also given for the trials without the first third of their "
        "months (later_trials)"
    )


def _treated(protocol: Protocol) -> str:
    words = f"{protocol.intervention_id} starts in the trial month"
    grace = protocol.grace_months
    return (
        f"{words} or in one of the {grace} after it, each as likely, while on "
        f"{protocol.eligibility.state_before}"
        if grace
        else words
    )


def _moments(protocol: Protocol) -> str:
    """The months for which starting, stopping and doses are estimated apart."""
    asked = {
        "start": protocol.start_months,
        "stop": protocol.stop_months,
        "dose": protocol.dose_months,
    }
    return (
        "; ".join(
            f"{name} {', '.join(map(str, months))}" for name, months in asked.items() if months
        )
        or "none"
    )


def _refused(protocol: Protocol) -> str:
    limits = protocol.refusal
    words = [
        f"fewer than {limits.min_starters} people who start",
        f"a comparison worth fewer than {limits.min_effective_sample_size:g} people",
    ]
    if limits.max_abs_smd is not None:
        words.append(
            f"a covariate's difference above {limits.max_abs_smd:g} standard deviations after "
            "weighting"
        )
    if limits.max_share_outside_support is not None:
        words.append(
            f"more than {100 * limits.max_share_outside_support:g} % of starters without a "
            "counterpart"
        )
    return "; ".join(words)


def _comparison(protocol: Protocol, comparison: str) -> str:
    words = {
        "wait": "does not start in the trial "
        f"month{' or the grace period' if protocol.grace_months else ''}; may start later",
        "never": "does not start from support within the follow-up",
        "other": f"{protocol.other_intervention_id} starts in the trial month",
    }[comparison]
    return (
        words
        if comparison == "other"
        else f"{words}; those who leave support in the trial month {protocol.leavers_in_month_one}"
    )
