"""The planted misbookings and contradictions of the simulated cities' accounts are all found, and
none is invented.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evalkit.line.accounts import AccountsFile
from evalkit.line.delivered import delivered
from evalkit.line.tables import published
from evalkit.monitoring import accounts_reconciled
from evalkit.monitoring_rules import MonitoringRules
from evalkit.records import load
from evalkit.simulate import load_city
from evalkit.simulate.register.city_tables import account

PARAMS = Path(__file__).parents[2] / "params"
CENT = 0.01
# Each amount is rounded to hundredths.
ROUNDED = 0.2


def reconciled(city) -> dict[str, pl.DataFrame]:
    reading = load(PARAMS / "accounts" / f"{city.city}.yaml", AccountsFile)
    declared = delivered()["account"]
    rows = pl.concat([declared.empty(), account(city, city.accounts)], how="diagonal_relaxed")
    postings = rows.select(pl.col(name).cast(kind) for name, kind in declared.schema.items())
    no_places = published("place_costs").empty()
    return accounts_reconciled(postings, no_places, reading, MonitoringRules())


def whole(tables: dict[str, pl.DataFrame], area: str = "all") -> dict:
    rows = tables["account_areas"].filter(pl.col("district") == "all", pl.col("cost_area") == area)
    return rows.to_dicts()[0]


@pytest.fixture(scope="module")
def stockholm():
    return load_city("stockholm", PARAMS / "cities")


def test_stockholm_is_re_coded_to_what_the_report_prints(stockholm):
    tables = reconciled(stockholm)

    assert whole(tables)["budget"] == pytest.approx(84.6e6, abs=ROUNDED)
    assert whole(tables)["recoded"] == pytest.approx(71.1e6, abs=ROUNDED)
    assert whole(tables)["unspent"] == pytest.approx(13.5e6, abs=ROUNDED)
    assert whole(tables, "holiday_job")["recoded"] == pytest.approx(11.7e6, abs=ROUNDED)
    assert whole(tables)["booked"] < whole(tables)["recoded"]


def test_stockholms_four_misbookings_are_found_and_none_is_invented(stockholm):
    tables = reconciled(stockholm)

    moved = tables["account_moves"]
    assert set(moved["district"]) == {"Bromma", "Södermalm", "Farsta", "Älvsjö"}
    assert set(moved["posting_id"]) == {"holiday_jobs_booked"}
    # The printed shares alone contradict themselves; the accounts do not.
    assert set(tables["account_faults"]["fault"]) == {"share_total"}


def test_the_demo_city_has_one_misbooking_and_one_posting_twice():
    tables = reconciled(load_city("demo_city", PARAMS / "cities"))

    assert tables["account_moves"]["district"].to_list() == ["Norrby"]
    (fault,) = tables["account_faults"].to_dicts()
    assert (fault["district"], fault["fault"]) == ("Söderby", "posting_twice")


@pytest.mark.parametrize("seed", range(20))
def test_whoever_misbooks_or_enters_twice_is_found_and_nobody_else(stockholm, seed):
    rng = np.random.default_rng(seed)
    names = stockholm.district_names
    misbooked = rng.choice(names, size=rng.integers(0, 8), replace=False).tolist()
    again = rng.choice(names, size=rng.integers(0, 5), replace=False).tolist()
    postings = [one.posting for one in stockholm.accounts.postings]
    twice = {name: str(rng.choice(postings)) for name in again}
    planted = {"misbooked": tuple(misbooked), "entered_twice": twice}
    accounts = stockholm.accounts.model_copy(update=planted)
    amounts = account(stockholm, accounts).filter(pl.col("side") == "booked")

    tables = reconciled(stockholm.model_copy(update={"accounts": accounts}))

    faults = tables["account_faults"].filter(pl.col("district") != "all")
    found = faults.select("district", "item").rows()
    is_moved = (pl.col("account_code") == "4500").sum()
    assert set(tables["account_moves"]["district"]) == set(misbooked)
    assert tables["account_moves"].height == amounts.select(is_moved).item()
    assert set(faults["fault"]) <= {"posting_twice"}
    assert sorted(found) == sorted((name, f"{of}_booked_2") for name, of in twice.items())
    assert whole(tables)["recoded"] == pytest.approx(amounts["amount"].sum(), abs=CENT)
    assert whole(tables, "holiday_job")["recoded"] == pytest.approx(
        amounts.filter(pl.col("cost_area") == "holiday_job")["amount"].sum(), abs=CENT
    )
