"""Who pays and who gains: the five payers, the public purses with a shared purse in proportion to
the gains, and what equalisation leaves the municipality.
"""

from evalkit.economics.ledger.cash_flow import CashFlow
from evalkit.economics.results.draw_summary import summarise
from evalkit.line.actors import ACTOR_NAMES, MUNICIPALITY, PAYERS, PUBLIC_PURSE


def payer_gains(flow: CashFlow) -> list[dict]:
    """What each payer gains per participant up to the horizon. Together they gain what society
    does, in every draw.
    """
    return [
        {
            "payer": payer,
            **summarise(flow.present_value(actors), flow.n_replicates),
            "horizon_months": flow.n_months,
        }
        for payer, actors in PAYERS.items()
    ]


def shared_purse(flow: CashFlow) -> list[dict]:
    """Each public purse's gain before the intervention's cost, what it pays now, and what it would
    pay if cost shares equalled gain shares.

    Purses that lose have no share. Where no purse gains there is nothing to share by, and the
    proposal is empty.
    """
    paid = {actor: flow.programme_cost[ACTOR_NAMES.index(actor)] for actor in PUBLIC_PURSE}
    gains = {actor: flow.present_value((actor,)) + cost for actor, cost in paid.items()}
    total_cost = sum(cost[0] for cost in paid.values())
    total_gain = sum(max(gain[0], 0.0) for gain in gains.values())
    rows = []
    for actor, cost in paid.items():
        summary = summarise(gains[actor], flow.n_replicates)
        gain = float(gains[actor][0]) + 0.0
        share = max(gain, 0.0) / total_gain if total_gain > 0 else None
        proposed = None if share is None or total_cost <= 0 else share * total_cost
        rows.append(
            {
                "actor": actor,
                **{key: summary[key] for key in ("estimate", "ci_lower", "ci_upper")},
                "gain_share": share,
                "paid_now": float(cost[0]) + 0.0,
                "paid_proposed": proposed,
            }
        )
    return rows


def municipal_gain(flow: CashFlow) -> list[dict]:
    """What the city's tax and the whole municipality gain before and after income equalisation, and
    what equalisation takes.
    """
    city, municipality = flow.present_value(("city",)), flow.present_value(MUNICIPALITY)
    measures = {
        "city_before": city - flow.equalised,
        "equalised": flow.equalised,
        "city_after": city,
        "municipality_before": municipality - flow.equalised,
        "municipality_after": municipality,
    }
    return [
        {"measure": measure, **summarise(draws, flow.n_replicates)}
        for measure, draws in measures.items()
    ]
