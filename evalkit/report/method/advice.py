"""How advice follows from probabilities, with the thresholds of the run, and the words for a
probability.
"""

from markupsafe import Markup

from evalkit.report.method.advice_record import how_often_advice_is_right
from evalkit.report.parts.document import Block, Brief, Section
from evalkit.vocabulary import LIKELY, SURE

_ADVICE = ("expand", "keep", "stop", "try_out", "cannot_be_said")


def how_advice_follows(brief: Brief) -> Section:
    """The rule of each advice in a sentence or two, what two readings of an effect make of it,
    whose figures it rests on, which words are used for which probability, and how often the advice
    is right where the truth is known.
    """
    words, run = brief.words, brief.run.params
    rules = run.value.advice
    shares = {
        name: words.percent(getattr(rules, name), 0)
        for name in ("expand_from", "expand_purse_from", "expand_observed_from", "stop_up_to")
    }
    values = {
        **shares,
        "likely": words.percent(LIKELY, 0),
        "unlikely": words.percent(1 - LIKELY, 0),
        "cost": words.money(rules.trial_cost, _currency(brief), 0),
        "min_starters": words.number(rules.min_starters),
        "horizon": words.number(run.value.horizon_months),
    }
    points = [
        Markup('<span class="advice {}">{}</span> {}').format(
            advice, words.label(f"advice.{advice}"), words.html(f"method.advice_{advice}", **values)
        )
        for advice in _ADVICE
    ]
    return Section(
        "advice",
        words.text("method.advice_heading"),
        (words.html("method.advice_lead"), words.html("method.advice_readings")),
        (
            Block(points=tuple(points)),
            Block(
                text=(
                    words.html("method.advice_figures", **values),
                    words.html("method.advice_district"),
                    _bands(brief),
                )
            ),
            how_often_advice_is_right(brief),
        ),
    )


def _bands(brief: Brief) -> Markup:
    edges = {"sure": SURE, "likely": LIKELY, "unlikely": 1 - LIKELY, "hardly": 1 - SURE}
    shown = {name: brief.words.percent(share, 0) for name, share in edges.items()}
    return brief.words.html("method.bands", **shown)


def _currency(brief: Brief) -> str:
    """The currency of the values; none where nothing is valued."""
    rows = brief.tables.rows("advice")
    return next((row["currency"] for row in rows if row["currency"]), "")
