"""Everything about money, for a notebook: the accounts reconciled, and what places were paid."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from evalkit.line.accounts import AccountsFile
from evalkit.monitoring.accounts.contradictions import contradictions
from evalkit.monitoring.accounts.places import (
    bought_places,
    make_or_buy,
    place_ends,
    reported_places,
)
from evalkit.monitoring.accounts.postings import mapped_postings, moved_postings
from evalkit.monitoring.accounts.reconcile import account_areas, account_places, reported_accounts
from evalkit.monitoring_rules import MonitoringRules


def accounts_reconciled(
    account: pl.DataFrame,
    place_costs: pl.DataFrame,
    reading: AccountsFile,
    rules: MonitoringRules,
) -> dict[str, pl.DataFrame]:
    """Budget and bookings by area of costs, as booked and as re-coded, with the trail of what was
    moved, what reports have printed, and what contradicts itself.

    Parameters
    ----------
    account : DataFrame
        The delivered table; may be empty.
    place_costs : DataFrame
        The published table.
    reading : AccountsFile
        How the accounts are to be read (`evalkit.line.accounts`).
    rules : MonitoringRules
        Which districts are shown together.

    Returns
    -------
    dict of str to DataFrame
        The tables account_areas, reported_accounts, account_moves, account_places and
        account_faults.
    """
    postings = mapped_postings(account, reading)
    areas = account_areas(postings, reading, rules)
    places = account_places(areas, place_costs, reading)
    return {
        "account_areas": areas,
        "reported_accounts": reported_accounts(areas, reading),
        "account_moves": moved_postings(postings, reading),
        "account_places": places,
        "account_faults": contradictions(postings, areas, places, place_costs, reading),
    }


def places_paid(
    delivered: Mapping[str, pl.DataFrame],
    occupied: pl.DataFrame,
    place_costs: pl.DataFrame,
    reading: AccountsFile,
    *,
    districts: tuple[str, ...],
    data_through: date,
) -> dict[str, pl.DataFrame]:
    """What places have cost for each that ended, by reports and by the run's own rows, and own
    operation against bought places.

    Parameters
    ----------
    delivered : mapping of str to DataFrame
        capacity, participation and intervention; may be empty.
    occupied : DataFrame
        intervention_id, month, n_occupied: people in places, month by month.
    place_costs, reading
        As `accounts_reconciled`.
    districts : tuple of str
        The run's districts.
    data_through : date
        The last month known. Month.

    Returns
    -------
    dict of str to DataFrame
        The tables reported_places, place_ends, make_or_buy and bought_places, before gate 2.
    """
    capacity, participation = delivered["capacity"], delivered["participation"]
    return {
        "reported_places": reported_places(reading),
        "place_ends": place_ends(capacity, participation, occupied, data_through=data_through),
        "make_or_buy": make_or_buy(capacity, place_costs, reading, data_through=data_through),
        "bought_places": bought_places(
            capacity,
            participation,
            delivered["intervention"],
            districts=districts,
            data_through=data_through,
        ),
    }
