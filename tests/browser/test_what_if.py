"""The what-if in a real browser: what the page computes is what the library does, in a thousand
random states; the state travels in the address; hostile addresses do nothing; without scripts the
page is whole.
"""

import json
import os
import random
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import quote

import pytest

from evalkit.disclosure import read_published
from evalkit.economics import levers_of, revalue
from evalkit.tables import CITY, slug

# Other assumptions are tried out of fifty people or more; of Northern Ireland's 29 a page says so
# (tests/report/decision).
SITES = [
    Path(os.environ["EVALKIT_SITE"]).resolve().parent.name
    if "EVALKIT_SITE" in os.environ
    else "small_city"
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("site", SITES, indirect=True, scope="session"),
]

N_STATES = 1_000
# Less than half a unit of money apart: the same to the unit.
A_UNIT = 0.5
PROBABILITY = 1e-9
MOST_MILLISECONDS = 50
TABLES = ("value_levers", "value_parts", "value_curve", "advice", "offers")
VALUE = """
const found = document.querySelector(".what-if").revalue(arguments[0], arguments[1]);
const told = found.values.map((one) => [one.estimate, one.low, one.high, one.likely]);
return [told, found.month, found.advice];
"""
SHOWN = """
const shown = {};
document.querySelectorAll(".what-if [data-show]").forEach((element) => {
  shown[element.dataset.show] = element.textContent;
});
document.querySelectorAll(".what-if [data-lever]").forEach((row) => {
  shown[row.dataset.lever] = row.hidden ? null : Number(row.querySelector("[type=number]").value);
});
shown.hash = location.hash;
shown.took = Number(document.querySelector(".what-if").dataset.took);
shown.chosen = document.querySelector(".what-if select").selectedOptions[0].textContent;
return shown;
"""
SET = """
const row = document.querySelector(`[data-lever="${arguments[0]}"]`);
const input = row.querySelector("[type=number]");
input.value = arguments[1];
input.dispatchEvent(new Event("input", { bubbles: true }));
"""


@pytest.fixture(scope="module")
def tables(run):
    return {name: read_published(run.run_dir, name).data for name in TABLES}


@pytest.fixture(scope="module")
def page_with_levers(run, site, tables):
    """A district's page with levers, its district, and its levers by intervention; the city's, if
    no district has any.
    """
    for district in (*run.params.districts, CITY):
        levers = {
            intervention: found
            for intervention in tables["advice"]["intervention_id"].unique().sort()
            if (found := levers_of(tables, district, intervention)) is not None
        }
        if levers:
            name = "index" if district == CITY else slug(district)
            return site / run.params.languages[0] / f"{name}.html", levers
    pytest.fail("no page of the run has levers")


@pytest.fixture
def opened(browser, page_with_levers):
    path, _ = page_with_levers
    browser.driver.get("about:blank")
    browser.open(path)
    return browser


def random_state(levers, rng):
    page, ends = levers.state, levers.ends[levers.ends <= levers.followed_months].tolist()
    later = [] if levers.of_draws.half_life is None else range(levers.followed_months + 1, 121)
    return replace(
        page,
        price=page.price and page.price * rng.uniform(0, 3),
        displaced_share=rng.choice([0.0, 1.0, rng.random()]),
        horizon_months=rng.choice([*ends, *later, page.horizon_months]),
        discount_rate=rng.choice([0.0, rng.uniform(0, 0.1)]),
        half_life=page.half_life and float(rng.randint(6, 120)),
        n_starts=page.n_starts and page.n_starts * rng.uniform(0.1, 3),
    )


def test_the_page_computes_what_the_library_does(opened, page_with_levers, run):
    _, by_intervention = page_with_levers
    rng, rules = random.Random(20), run.params.value.advice
    apart, unlike = 0.0, []

    for _ in range(N_STATES):
        intervention, levers = rng.choice(sorted(by_intervention.items()))
        state = random_state(levers, rng)
        values, month, advice = opened.driver.execute_script(VALUE, intervention, asdict(state))
        line = revalue(levers, state, rules)
        for shown, expected in zip(values, line.values.values(), strict=True):
            apart = max(apart, *(abs(a - b) for a, b in zip(shown[:3], expected[:3], strict=True)))
            if abs(shown[3] - expected.probability_positive) > PROBABILITY:
                unlike.append((state, shown[3], expected.probability_positive))
        if (month, advice) != (line.return_month, line.advice):
            unlike.append((state, month, line.return_month, advice, line.advice))

    assert apart < A_UNIT and not unlike


def test_with_nothing_changed_the_page_says_what_was_published(opened, page_with_levers, run):
    _, by_intervention = page_with_levers

    for intervention, levers in by_intervention.items():
        values, _, advice = opened.driver.execute_script(VALUE, intervention, asdict(levers.state))
        line = revalue(levers, levers.state, run.params.value.advice)
        assert values == [list(value) for value in line.values.values()]
        assert advice == line.advice


def first_lever(shown):
    return next(name for name in ("displaced", "price", "rate") if shown[name] is not None)


def test_one_change_takes_less_than_the_blink_of_an_eye(opened):
    lever, took = first_lever(opened.driver.execute_script(SHOWN)), []

    for value in range(100):
        opened.driver.execute_script(SET, lever, value / 10)
        took.append(opened.driver.execute_script(SHOWN)["took"])

    assert sorted(took)[len(took) // 2] < MOST_MILLISECONDS


def test_the_address_carries_the_state(opened, page_with_levers):
    path, _ = page_with_levers
    lever = first_lever(opened.driver.execute_script(SHOWN))
    opened.driver.execute_script(SET, lever, 7)
    opened.driver.execute_script(SET, "rate", 1.5)
    sent = opened.driver.execute_script(SHOWN)

    opened.driver.get("about:blank")
    opened.driver.get(path.as_uri() + sent["hash"])

    arrived = opened.driver.execute_script(SHOWN)
    assert {**arrived, "took": 0, "spoken": ""} == {**sent, "took": 0, "spoken": ""}
    assert arrived[lever] == 7 and arrived["rate"] == 1.5
    opened.driver.execute_script('document.querySelector(".what-if button").click()')
    assert opened.driver.execute_script(SHOWN)["hash"] == ""


@pytest.mark.parametrize(
    "hostile",
    [
        "#what-if:{id};price=-5;displaced=4000;rate=1e9;half_life=0;starts=-1;years=999",
        "#what-if:{id};displaced=NaN;rate=Infinity;years=;price",
        "#what-if:{id};__proto__=1;constructor=2;toString=3",
        "#what-if:<img src=x onerror=alert(1)>;price=1",
        "#what-if:%E0%A4%A;price=1",
        "#what-if:__proto__;price=1",
        "#what-if:",
    ],
)
def test_hostile_addresses_are_clamped_or_left_aside(opened, page_with_levers, hostile):
    path, by_intervention = page_with_levers
    address = hostile.replace("{id}", quote(sorted(by_intervention)[0]))

    opened.driver.get("about:blank")
    opened.driver.get(path.as_uri() + address)

    shown = json.dumps(opened.driver.execute_script(SHOWN) | {"hash": ""})
    inside = opened.driver.execute_script(
        'return [...document.querySelectorAll(".what-if [data-lever]:not([hidden]) input")]'
        ".every((input) => input.value !== '' && Number(input.value) >= Number(input.min) && "
        "Number(input.value) <= Number(input.max))"
    )
    assert inside and not any(word in shown for word in ("NaN", "undefined", "Infinity"))
    assert not opened.driver.execute_script('return document.querySelectorAll("img").length')
    assert opened.console() == []


def test_the_page_is_whole_without_scripts(opened, page_with_levers):
    path, _ = page_with_levers
    opened.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened.driver.get("about:blank")
        opened.driver.get(path.as_uri())
        table = opened.driver.find_element("css selector", ".what-if .cases")
        levers = opened.driver.find_element("css selector", ".what-if .live")
        assert table.is_displayed() and not levers.is_displayed()
        assert table.find_elements("css selector", "td .number[data-table]")
    finally:
        opened.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
