"""A small book and small draws, whose ledger can be worked out by hand."""

import copy
import sys
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evalkit.economics.prices.price_book_file import declare_price_book
from evalkit.line.tables import table

# one_start.py is shared by these tests alone.
sys.path.insert(0, str(Path(__file__).parent))

STATES = ("studies", "support", "training", "work")
# Shares of the two arms in months 0, 1, 2, in the order of STATES. All start on support, the
# treated move to training.
TREATED = (("0", "1", "0", "0"), ("0", "1/4", "3/4", "0"), ("1/8", "1/8", "1/4", "1/2"))
COMPARISON = (("0", "1", "0", "0"), ("0", "3/4", "0", "1/4"), ("1/4", "1/2", "0", "1/4"))
# In the second district the arms change places.
EFFECT = ("training", "abc", "start_now_rather_than_wait", "all", "raw")
DISTRICTS = {"Harbour": (TREATED, COMPARISON), "Hill": (COMPARISON, TREATED)}

_MONEY = {"price_year": 2020, "currency": "SEK", "source": "made up for the test", "grade": "L"}
_RATE = {"unit": "share", "source": "made up for the test", "grade": "L"}


def _named(**fields):
    name = fields.get("key", fields.get("posting"))
    return {"name": {"en": f"{name} in English", "sv": f"{name} på svenska"}, **fields}


def _posting(posting, driver, state, paid_by, received_by, kind, amount, **more):
    fields = {
        "driver": driver,
        "state": state,
        "paid_by": paid_by,
        "received_by": received_by,
        "kind": kind,
        "amount": amount,
        **more,
    }
    return _named(posting=posting, **fields)


BOOK = {
    "book": "small",
    "title": {"en": "A small book", "sv": "En liten bok"},
    "currency": "SEK",
    "price_year": 2020,
    "appraisal": {
        "discount_rate": "interest",
        "cost_of_public_funds": "burden",
        "displacement": {"zero": "nobody", "central": "some", "high": "many"},
    },
    "livelihoods": [
        {"state": "work", "paid_by": "employer"},
        {"state": "support", "paid_by": "district"},
        {"state": "training", "paid_by": "state"},
        {"state": "studies", "paid_by": None, "note": "nobody in this ledger"},
    ],
    "prices": [
        _named(key="wage", value=1000, unit="per month", **_MONEY),
        _named(key="fee", value=0.25, **_RATE),
        _named(key="tax", value=0.5, **_RATE),
        _named(key="benefit", value=400, unit="per month", **_MONEY),
        _named(key="allowance", value=300, unit="per month", **_MONEY),
        _named(key="place", value=200, unit="per month", **_MONEY),
        _named(key="referral", value=80, unit="per start", **_MONEY),
        _named(key="nobody", value=0, **_RATE),
        _named(key="some", value=0.25, **_RATE),
        _named(key="many", value=0.5, **_RATE),
        _named(key="interest", value=0, **{**_RATE, "unit": "share per year"}),
        _named(key="burden", value=0.5, **_RATE),
    ],
    "postings": [
        _posting(
            "production",
            "state_months",
            "work",
            "resources",
            "employer",
            "real_resource",
            "wage + wage * fee",
        ),
        _posting("wages", "state_months", "work", "employer", "person", "transfer", "wage"),
        _posting("fees", "state_months", "work", "employer", "state", "transfer", "wage * fee"),
        _posting("taxes", "state_months", "work", "person", "city", "transfer", "wage * tax"),
        _posting(
            "benefits", "state_months", "support", "district", "person", "transfer", "benefit"
        ),
        _posting(
            "allowances", "state_months", "training", "state", "person", "transfer", "allowance"
        ),
        _posting(
            "places",
            "state_months",
            "training",
            "district",
            "resources",
            "real_resource",
            "place",
            arms=["treated"],
        ),
        _posting(
            "referrals",
            "programme_starts",
            None,
            "district",
            "resources",
            "real_resource",
            "referral",
        ),
        _posting(
            "lost_production",
            "displaced_months",
            "work",
            "employer",
            "resources",
            "real_resource",
            "wage + wage * fee",
        ),
        _posting(
            "lost_wages",
            "displaced_months",
            "work",
            "displaced_others",
            "employer",
            "transfer",
            "wage",
        ),
        _posting(
            "lost_fees", "displaced_months", "work", "state", "employer", "transfer", "wage * fee"
        ),
        _posting(
            "burden", "net_public_outlay", None, "taxpayers", "resources", "real_resource", ""
        ),
    ],
}


@pytest.fixture
def content():
    """The small book as a mapping that a test may change."""
    return copy.deepcopy(BOOK)


@pytest.fixture
def declare():
    """Declare a book from a mapping, as if it stood in small.yaml."""
    return lambda content: declare_price_book(content, where="small.yaml")


@pytest.fixture
def book(content, declare):
    return declare(content)


@pytest.fixture
def effect_draws():
    """Draws 0, 1 and 2 of two districts, all three alike, months 0 to 2."""
    rows = [
        (district, *EFFECT, draw, arm, state, month, float(Fraction(arms[is_control][month][i])))
        for (district, arms), draw, (is_control, arm), month, (i, state) in product(
            DISTRICTS.items(),
            range(3),
            enumerate(("treated", "comparison")),
            range(3),
            enumerate(STATES),
        )
    ]
    columns = [
        "district",
        "intervention_id",
        "protocol_hash",
        "estimand",
        "subgroup",
        "source",
        "draw",
        "arm",
        "state",
        "month",
    ]
    return pl.DataFrame(rows, schema=[*columns, "probability"], orient="row")


def _make_uncertain(content):
    """The same book with a range around every price and around the displacement expected."""
    for price in content["prices"]:
        if price["value"] and price["key"] != "many":
            price["distribution"] = {
                "kind": "triangular",
                "low": 0.8 * price["value"],
                "high": 1.1 * price["value"],
            }
    return content


@pytest.fixture
def make_uncertain():
    return _make_uncertain


@pytest.fixture
def uncertain_book(content, declare):
    return declare(_make_uncertain(content))


# What the small book leaves out: equalisation two years later, a cost of the intervention, a
# half-life.
def _make_rich(content):
    content = _make_uncertain(content)
    content["prices"] += [
        _named(key="county_rate", value=0.4, **_RATE),
        _named(key="fading", value=12, **{**_RATE, "unit": "months"}),
    ]
    next(posting for posting in content["postings"] if posting["posting"] == "referrals")[
        "role"
    ] = "programme_cost"
    amount = "wage * county_rate"
    late = {"role": "equalisation", "delay_months": 24}
    content["postings"].append(
        _posting("equalised", "state_months", "work", "city", "state", "transfer", amount, **late)
    )
    content["appraisal"]["half_life"] = "fading"
    content["appraisal"]["income_equalisation"] = {"tax": "tax", "county_rate": "county_rate"}
    return content


@pytest.fixture
def make_rich():
    return _make_rich


@pytest.fixture
def rich_book(content, declare):
    return declare(_make_rich(content))


@pytest.fixture
def many_draws():
    """Sixty replicates of a gain in work over six months, by a Dirichlet around the truth; treated
    train first.
    """
    rng = np.random.default_rng(3)
    treated = np.array(
        [[0, 1, 0, 0], [0, 0.2, 0.8, 0], [0, 0.2, 0.7, 0.1], *[[0.05, 0.4, 0, 0.55]] * 4]
    )
    comparison = np.array([[0, 1, 0, 0], *[[0.05, 0.65, 0, 0.3]] * 6])
    rows = []
    for draw in range(61):
        for arm, shares in (("treated", treated), ("comparison", comparison)):
            drawn = (
                shares
                if draw == 0
                else np.array([rng.dirichlet(200 * share + 1e-3) for share in shares])
            )
            rows += [
                ("Harbour", *EFFECT, draw, arm, state, month, drawn[month, i])
                for month in range(7)
                for i, state in enumerate(STATES)
            ]
    return pl.DataFrame(rows, schema=list(table("effect_draws").schema), orient="row").cast(
        table("effect_draws").schema
    )
