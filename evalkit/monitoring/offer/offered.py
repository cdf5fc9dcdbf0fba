"""Needs, offer and outreach of a run, as one question."""

from collections.abc import Mapping

import polars as pl

from evalkit.line.offer_codes import offer_codes
from evalkit.monitoring.offer.content import offer_content
from evalkit.monitoring.offer.needs import need_answers, need_offer
from evalkit.monitoring.offer.outreach import outreach_funnel, outreach_leads
from evalkit.params import Run


def needs_and_offer(
    tables: Mapping[str, pl.DataFrame], starts: pl.DataFrame, run: Run
) -> dict[str, pl.DataFrame]:
    """What is needed beside what is offered, what is done in it, and the funnel of outreach.

    Parameters
    ----------
    tables : mapping of DataFrame
        need, intervention, capacity, outreach and population as delivered, any may be empty; person
        and support_spells.
    starts : DataFrame
        Who started what, with the district that sends them (`spells.placed_starts`).
    run : Run
        Its rules of monitoring, and its codes of the offer (`monitoring.offer`).

    Returns
    -------
    dict of str to DataFrame
        The tables need_offer, need_answers, offer_content, outreach_funnel and outreach_leads
        before gate 2.
    """
    codes, params = offer_codes(run), run.params
    return {
        "need_answers": need_answers(tables, codes),
        "need_offer": need_offer(tables, starts, codes=codes, params=params),
        "offer_content": offer_content(tables, starts, codes=codes, params=params),
        "outreach_funnel": outreach_funnel(tables, starts, codes=codes, params=params),
        "outreach_leads": outreach_leads(tables, starts, codes=codes, params=params),
    }
