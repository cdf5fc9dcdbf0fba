"""A protocol as people read it: one row per element of the target trial, in any language."""

from collections.abc import Sequence

import polars as pl

from evalkit.line.adjustment import ANY, MIN_CALENDAR_MONTHS, Covariate, Exclusion, step_term
from evalkit.line.protocol import Protocol
from evalkit.line.protocol_parts import Refusal, Truncation
from evalkit.line.protocols import protocol_hash
from evalkit.vocabulary import TABLE_LANGUAGE, in_language
from evalkit.words.language import Words
from evalkit.words.language import words as words_of


def protocol_card(
    protocol: Protocol, words: Words | None = None, *, crossed: Sequence[str] = ()
) -> pl.DataFrame:
    """The protocol as a readable card: one row per element of the target trial.

    Parameters
    ----------
    protocol : Protocol
        The target trial.
    words : Words, optional
        The reader's language, for example `words_of_run(run, language)`; the language of tables
        when not given. A name of the protocol that has no word stands as it is.
    crossed : sequence of str
        The breaks that its follow-up crosses and its models do not allow for, by their keys
        (`Protocol.crossed_breaks`).

    Returns
    -------
    DataFrame
        Columns `element` and `declared`.
    """
    words = words or words_of(TABLE_LANGUAGE)
    others = [one for one in protocol.outcomes if one != protocol.primary_outcome]
    estimands = _words(protocol.estimands, words)
    comparisons = {
        f"comparison_{comparison}": _comparison(protocol, comparison, words)
        for comparison in protocol.comparisons
    }
    declared = {
        "question": in_language(protocol.question, words.language),
        "eligible": _eligible(protocol, words),
        "time_zero": words.text("card.is_time_zero"),
        "treated": _treated(protocol, words),
        **comparisons,
        "follow_up": words.text("card.is_followed", months=protocol.follow_up_months),
        "primary_outcome": words.about(protocol.primary_outcome).text("card.is_primary"),
        **_next_step(protocol, words),
        "other_outcomes": _words(others, words),
        "estimand": words.text(
            "card.is_estimand", estimands=estimands, weighting=protocol.estimand
        ),
        "covariates": ", ".join(_covariate(covariate, words) for covariate in protocol.covariates),
        "calendar_time": _calendar(protocol, words),
        **_breaks(protocol, crossed, words),
        **_history(protocol, words),
        "timing": _timing(protocol, words),
        "subgroups": _words([group.name for group in protocol.subgroups], words)
        or words.text("card.none"),
        "second_reading": _second_reading(protocol, words),
        "weights": _limits(protocol.truncation, ", ", words) or words.text("card.untruncated"),
        "refused": _limits(_refusal(protocol), "; ", words),
        "hash": protocol_hash(protocol),
    }
    rows = [(words.text(f"card.{element}"), text) for element, text in declared.items()]
    return pl.DataFrame(rows, schema=["element", "declared"], orient="row")


def _word(name: str, words: Words) -> str:
    return words.text(name) if words.has(name) else name


def _words(names: Sequence[str], words: Words) -> str:
    return ", ".join(_word(name, words) for name in names)


def _eligible(protocol: Protocol, words: Words) -> str:
    rule = protocol.eligibility
    who = [words.text("card.is_eligible", state=_word(rule.state_before, words))]
    if rule.during:
        who.append(words.text("card.is_during", intervention=_word(rule.during, words)))
    if rule.after:
        ended = {"intervention": _word(rule.after, words), "months": rule.within_months}
        who.append(words.text("card.is_after", **ended))
    who += [_not_before(exclusion, words) for exclusion in protocol.exclusions]
    months = words.text("card.trial_months", first=rule.from_month, last=rule.to_month)
    return f"{', '.join(who)}; {months}"


def _not_before(exclusion: Exclusion, words: Words) -> str:
    """Who is not excluded for earlier participation."""
    name = "card.any_intervention" if exclusion.of == ANY else exclusion.of
    key = "card.never_in" if exclusion.within_months is None else "card.not_in"
    return words.text(key, intervention=_word(name, words), months=exclusion.within_months)


def _covariate(covariate: Covariate, words: Words) -> str:
    """Its name; one that has no term in this run is said to be left out."""
    name = _word("card.district" if covariate.kind == "district" else covariate.name, words)
    return name if covariate.terms else words.text("card.left_out", covariate=name)


def _calendar(protocol: Protocol, words: Words) -> str:
    calendar = protocol.calendar
    if calendar.form == "none":
        return words.text("card.calendar_none")
    if not protocol.calendar_curve:
        return words.text("card.calendar_short", months=MIN_CALENDAR_MONTHS)
    return words.text(f"card.calendar_{calendar.form}", terms=calendar.df)


def _breaks(protocol: Protocol, crossed: Sequence[str], words: Words) -> dict[str, str]:
    """Each break that the protocol names or its follow-up crosses, and what becomes of it."""
    named, steps = protocol.calendar.breaks, protocol.calendar_steps
    handling = {
        **dict.fromkeys(crossed, "crossed"),
        **{key: "step" if step_term(key) in steps else "outside" for key in named},
    }
    shown = [
        words.text(f"activity.break_{what}", change=_word(step_term(key), words))
        for key, what in handling.items()
    ]
    return {"breaks": "; ".join(shown)} if shown else {}


def _history(protocol: Protocol, words: Words) -> dict[str, str]:
    """How far back earlier participation is known, where the protocol asks for it."""
    if not protocol.asks_for_history:
        return {}
    n_months = protocol.eligibility.from_month - 1
    return {"earlier_participation": words.text("card.is_known", months=n_months)}


def _treated(protocol: Protocol, words: Words) -> str:
    grace, name = protocol.grace_months, _word(protocol.intervention_id, words)
    hours = protocol.dose_hours
    return words.text(
        "card.starts_in_grace" if grace else "card.starts",
        intervention=words.text("activity.more_hours", intervention=name, hours=hours)
        if hours
        else name,
        months=grace,
        state=_word(protocol.eligibility.state_before, words),
    )


def _next_step(protocol: Protocol, words: Words) -> dict[str, str]:
    """What counts as the next step, where the protocol declares one."""
    rule = protocol.next_step
    if rule is None:
        return {}
    told = [words.text("card.is_next_step", step=rule.ladder_step, months=rule.holds_months)]
    if rule.end_reasons:
        reasons = _words(rule.end_reasons, words)
        told.append(words.text("card.is_handed_over", reasons=reasons, months=rule.holds_months))
    return {"next_step": "; ".join(told)}


def _timing(protocol: Protocol, words: Words) -> str:
    """The months for which starting, stopping and doses are estimated apart."""
    asked = {
        "start": protocol.start_months,
        "stop": protocol.stop_months,
        "dose": protocol.dose_months,
    }
    shown = [
        words.text(f"card.{name}", months=", ".join(map(str, months)))
        for name, months in asked.items()
        if months
    ]
    return "; ".join(shown) or words.text("card.none")


def _comparison(protocol: Protocol, comparison: str, words: Words) -> str:
    if comparison == "other":
        other = _word(protocol.other_start or "", words)
        return words.text("card.starts", intervention=other)
    waits = "card.waits_in_grace" if protocol.grace_months else "card.waits"
    strategy = words.text(waits if comparison == "wait" else "card.never_starts")
    return f"{strategy}; {words.text(f'card.leavers_{protocol.leavers_in_month_one}')}"


def _second_reading(protocol: Protocol, words: Words) -> str:
    """The window and scale of the second reading, and from which share with a past there is one."""
    rule = protocol.second_reading
    scale = rule.scale_to(protocol.follow_up_months)
    return words.about(protocol.primary_outcome).text(
        "card.is_second_reading",
        scale=words.number(scale, 0 if scale == int(scale) else 2),
        months=rule.window_months,
        least=words.percent(rule.min_share_with_past),
    )


def _refusal(protocol: Protocol) -> Refusal:
    """The limits that bear on its comparison: who starts another intervention is in one."""
    if protocol.other_start is None:
        return protocol.refusal
    return protocol.refusal.model_copy(update={"min_share_unassigned": None})


def _limits(limits: Truncation | Refusal, separator: str, words: Words) -> str:
    """The limits of a record that are declared, each in its own words."""
    return separator.join(
        words.text(f"card.{name}", limit=_exactly(name, limit, words))
        for name, limit in limits
        if limit is not None
    )


def _exactly(name: str, limit: float, words: Words) -> str:
    """A limit with all its decimals; a share as per cent."""
    is_share = "_share_" in name or name == "max_person_weight"
    digits = len(f"{100 * limit if is_share else limit:g}".partition(".")[2])
    return words.percent(limit, digits) if is_share else words.number(limit, digits)
