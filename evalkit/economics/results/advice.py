"""What is advised for an intervention: expand, keep, try out, stop, or that it cannot be said.

The rule looks at how sure it is that society gains, that the public purse gains, and that society
gains already in the months that were observed; and at what the best trial would be worth beside
what a trial costs. Each probability is what both readings of the effect are sure of: the plain one,
and what the effect is if what set people apart before lasts. The rule's thresholds stand in the run
file (`AdviceRules`). Who lives in a district is no part of it, and no district is held against
another. What the district itself gains or loses stands beside the advice and not in it: a district
that loses on what society gains is a matter of who pays.
"""

from typing import Literal, NamedTuple

from evalkit.run_rules import AdviceRules
from evalkit.vocabulary import band_of

Advice = Literal["expand", "keep", "try_out", "stop", "cannot_be_said"]
AdviceReason = Literal[
    "gains_everywhere",
    "gains_less_surely",
    "purse_less_sure",
    "gain_is_projected",
    "loses",
    "loses_less_surely",
    "worth_a_trial",
    "too_unsure",
    "past_shows_nothing",
    "readings_differ",
]
# What two readings of an effect say together: both the same side, opposite sides, or that there is
# one alone, since the past shows nothing.
Readings = Literal["agree", "differ", "one_alone"]
Figures = Literal["own", "pooled", "city_few_starters", "city_no_effect", "none"]
# Why there is no figure, beside the reasons why an effect cannot be said (`reason.` in the words).
NOT_ASKED, FEW_STARTERS = "not_asked", "few_starters"
NO_PRICE_BOOK, BESIDE_ANOTHER = "no_price_book", "compared_with_another"
# Why nothing is advised although there are figures: what people live on is not known.
LIVELIHOOD_UNKNOWN = "livelihood_unknown"
_EVEN = 0.5


class GainProbabilities(NamedTuple):
    """How sure it is that society gains up to the horizon, the public purse does, and society does
    in the observed months only, between 0 and 1; and what the readings say that it is made of, of
    society's gain up to the horizon.
    """

    society: float
    purse: float
    observed: float
    readings: Readings = "agree"


def advice_from(
    gains: GainProbabilities, trial_worth: float | None, rules: AdviceRules
) -> tuple[Advice, AdviceReason]:
    """The advice, and what decides it.

    Expand where all three probabilities reach their thresholds and both readings say so; keep where
    society probably gains; stop where it is sure enough that society loses. Between those, try out
    where the best trial is worth more than a trial costs; otherwise stop where society probably
    loses, and where it is unclear nothing can be said.

    Parameters
    ----------
    gains : GainProbabilities
        The probabilities.
    trial_worth : float or None
        What the trial that is worth most is worth (`best_trial`); None where it is not known, and
        then no trial is advised. Money.
    rules : AdviceRules
        The thresholds.
    """
    band = band_of(gains.society)
    if band in ("yes", "probably"):
        reason = _short_of_expanding(gains, rules)
        return ("keep", reason) if reason else ("expand", "gains_everywhere")
    if gains.society <= rules.stop_up_to:
        return "stop", "loses"
    differ = band == "unclear" and gains.readings == "differ"
    if trial_worth is not None and trial_worth > rules.trial_cost:
        return "try_out", "readings_differ" if differ else "worth_a_trial"
    if band == "unclear":
        return "cannot_be_said", "readings_differ" if differ else "too_unsure"
    return "stop", "loses_less_surely"


def readings_of(plain: float | None, second: float | None) -> Readings:
    """What the probabilities of two readings say together.

    Parameters
    ----------
    plain, second : float or None
        How sure it is by either reading that society gains; None where there is no such reading.
    """
    if plain is None or second is None:
        return "one_alone"
    return "differ" if (plain - _EVEN) * (second - _EVEN) < 0 else "agree"


def _short_of_expanding(gains: GainProbabilities, rules: AdviceRules) -> AdviceReason | None:
    if gains.society < rules.expand_from:
        return "gains_less_surely"
    if gains.purse < rules.expand_purse_from:
        return "purse_less_sure"
    if gains.observed < rules.expand_observed_from:
        return "gain_is_projected"
    return "past_shows_nothing" if gains.readings == "one_alone" else None
