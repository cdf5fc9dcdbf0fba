"""The quiz of a decision page: ten questions that its readers have, answered from the elements that
the page marks as answers and compared with what was published.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from evalkit.disclosure import read_published
from evalkit.line.characteristics import NOT_KNOWN
from evalkit.params import Run
from evalkit.tables import CITY, slug
from evalkit.vocabulary import band_of
from evalkit.words import words_of_run
from evalkit.words.run_words import protocols_of

pytestmark = pytest.mark.browser

READ = """
const numbers = (element) =>
  [element, ...element.querySelectorAll("*")].filter((one) => one.dataset.table)
    .map((one) => ({ ...one.dataset, text: one.textContent }));
const list = (root, selector) => [...root.querySelectorAll(selector)];
return list(document, "[data-answer]").map((element) => ({
  question: element.dataset.answer,
  subject: element.dataset.subject || "",
  text: element.textContent.trim(),
  numbers: numbers(element),
  bands: list(element, "[data-band]").map((one) => one.dataset.band),
  advice: list(element, ".advice").map((one) => one.classList[1]),
  lines: list(element, "li").map((one) => ({
    ...one.dataset, text: one.textContent.trim(), numbers: numbers(one),
  })),
}));
"""
# What may be done about an intervention, by what is advised of it.
FITTING = {
    "more": ("expand", "keep"),
    "less": ("expand", "keep", "try_out", "stop", "cannot_be_said"),
    "stop": ("stop",),
    "try_out": ("try_out",),
    "divide": ("expand", "keep", "try_out", "cannot_be_said"),
}
MOST_THINGS = 3


@dataclass(frozen=True)
class Page:
    """A decision page: its language, whose it is, and its answers as they were read."""

    name: str
    language: str
    district: str
    answers: list[dict]

    def of(self, question: str) -> list[dict]:
        """The answers to a question."""
        return [answer for answer in self.answers if answer["question"] == question]


class Record:
    """What a run has published, and what a decision page must therefore say."""

    def __init__(self, run: Run):
        self.run = run
        self.estimands = {
            name: protocol.primary_estimand for name, protocol in protocols_of(run).items()
        }
        self._tables: dict[str, list[dict]] = {}

    def rows(self, name: str, **keys) -> list[dict]:
        """The rows of a table with these values; none where the run has no such table."""
        if name not in self._tables:
            has = (self.run.run_dir / "published" / f"{name}.json").exists()
            data = read_published(self.run.run_dir, name).data if has else None
            self._tables[name] = [] if data is None else data.to_dicts()
        return [
            row
            for row in self._tables[name]
            if all(row[column] == value for column, value in keys.items())
        ]

    def row(self, name: str, **keys) -> dict | None:
        """The one row with these values."""
        return next(iter(self.rows(name, **keys)), None)

    def at(self, number: dict) -> dict:
        """The row that a number of a page says it is from."""
        return self.row(number["table"], row_id=int(number["row"])) or {}

    def offered(self, district: str) -> dict[str, dict]:
        """What is advised of each intervention that is offered in a district."""
        offers = {row["intervention_id"] for row in self.rows("offers", district=district)}
        advice = self.rows("advice", district=district)
        return {row["intervention_id"]: row for row in advice if row["intervention_id"] in offers}

    def whose(self, district: str, intervention: str) -> str:
        """The district whose figures an intervention's row shows: its own, all, or none."""
        figures = self.offered(district)[intervention]["figures"]
        if figures in ("own", "pooled"):
            return district
        if figures not in (None, "none"):
            return CITY
        for scope in dict.fromkeys((district, CITY)):
            status = self.row("effect_status", **self.effect(scope, intervention))
            if status and status["effect_state"] == "estimated":
                return scope
        return ""

    def effect(self, scope: str, intervention: str) -> dict[str, str]:
        """The keys of an effect."""
        estimand = self.estimands.get(intervention, "")
        return {"district": scope, "intervention_id": intervention, "estimand": estimand}

    def value(self, scope: str, intervention: str, perspective: str) -> dict | None:
        """What a start is worth from a perspective, where that is shown."""
        row = self.row(
            "value_parts",
            **self.effect(scope, intervention),
            perspective=perspective,
            part="total",
        )
        return row if row and row["estimate"] is not None else None


@pytest.fixture(scope="module")
def record(run) -> Record:
    return Record(run)


@pytest.fixture(scope="module")
def pages(browser, site, run) -> list[Page]:
    """Every decision page of the site, with its answers."""
    names = {"index": CITY, **{slug(district): district for district in run.params.districts}}
    return [
        Page(f"{language}/{name}", language, district, _answers(browser, site, language, name))
        for language in run.params.languages
        for name, district in names.items()
    ]


def _answers(browser, site: Path, language: str, name: str) -> list[dict]:
    browser.open(site / language / f"{name}.html")
    return browser.driver.execute_script(READ)


def wrong_answers(pages: list[Page], check: Callable[[Page], list]) -> dict[str, list]:
    """What a check finds wrong on each page; pages without a fault are left out."""
    found = {page.name: check(page) for page in pages}
    return {name: faults for name, faults in found.items() if faults}


def wrong_numbers(
    page: Page, record: Record, question: str, expected: Callable[[str], tuple[dict | None, str]]
) -> list:
    """The interventions whose answer to a question does not begin with the number of the expected
    row and column, or which have one where nothing is published. Several elements may answer.
    """
    faults = []
    for intervention in record.offered(page.district):
        row, column = expected(intervention)
        answers = [one for one in page.of(question) if one["subject"] == intervention]
        said = [
            (record.at(answer["numbers"][0]), answer["numbers"][0]["col"])
            for answer in answers
            if answer["numbers"]
        ]
        wanted = [] if row is None else [(row, column)]
        if [one for one in said if one not in wanted] or bool(said) != bool(wanted):
            faults.append((intervention, said, wanted))
    return faults


def test_1_what_is_offered(pages, record):
    def wrong(page):
        said = [answer["subject"] for answer in page.of("offered")]
        return [] if sorted(said) == sorted(record.offered(page.district)) else said

    assert wrong_answers(pages, wrong) == {}


def test_2_for_how_many(pages, record):
    def wrong(page):
        return wrong_numbers(
            page,
            record,
            "people",
            lambda name: (
                record.row("offers", district=page.district, intervention_id=name),
                "n_starts",
            ),
        )

    assert wrong_answers(pages, wrong) == {}


def test_3_at_what_cost(pages, record):
    def wrong(page):
        def expected(name):
            row = record.row("offers", district=page.district, intervention_id=name)
            return row, "cost"

        is_shown = any(
            expected(name)[0]["cost"] is not None for name in record.offered(page.district)
        )
        return wrong_numbers(page, record, "cost", expected) if is_shown else page.of("cost")

    assert wrong_answers(pages, wrong) == {}


def test_4_who_stays_longest(pages, record):
    def wrong(page):
        rows = (
            [row for row in record.rows("time_on_support") if row["district"] != CITY]
            if page.district == CITY
            else record.rows("group_months", district=page.district)
        )
        shown = [
            row for row in rows if row["ci_upper"] is not None and row.get("group") != NOT_KNOWN
        ]
        last = max((row["horizon_months"] for row in shown), default=None)
        shown = [row for row in shown if row["horizon_months"] == last]
        longest = max(shown, key=lambda row: row["estimate"], default=None)
        said = [record.at(answer["numbers"][0]) for answer in page.of("stays_longest")]
        return [] if said == ([longest] if len(shown) > 1 else []) else [said, longest]

    assert wrong_answers(pages, wrong) == {}


def test_5_what_works(pages, record):
    def wrong(page):
        def expected(name):
            scope = record.whose(page.district, name)
            outcome = f"months_{protocols_of(record.run)[name].primary_outcome}" if scope else ""
            row = record.row("effect_summary", **record.effect(scope, name), outcome=outcome)
            return (row if row and row["difference"] is not None else None), "difference"

        return wrong_numbers(page, record, "works", expected)

    assert wrong_answers(pages, wrong) == {}


@pytest.mark.parametrize(
    ("question", "perspective"),
    [("pays_district", "district"), ("pays_purse", "public_purse"), ("pays_society", "society")],
)
def test_6_what_pays_for_whom(pages, record, question, perspective):
    def wrong(page):
        def expected(name):
            row = record.value(record.whose(page.district, name), name, perspective)
            is_untouched = row and not any(
                row[column] for column in ("estimate", "ci_lower", "ci_upper")
            )
            return (None if is_untouched else row), "estimate"

        return wrong_numbers(page, record, question, expected)

    assert wrong_answers(pages, wrong) == {}


def test_7_when_it_is_back(pages, record):
    def wrong(page):
        faults = []
        for name in record.offered(page.district):
            scope = record.whose(page.district, name)
            keys = record.effect(scope, name)
            rows = {
                row["perspective"]: row
                for row in record.rows("value_payback", **keys)
                if row["probability_returns"] is not None
            }
            answers = [one for one in page.of("back") if one["subject"] == name]
            months = [
                (record.at(number)["perspective"], record.at(number)["return_month"])
                for answer in answers
                for number in answer["numbers"]
                if number["col"] == "return_month"
            ]
            true = {(key, row["return_month"]) for key, row in rows.items()}
            purse = rows.get("public_purse")
            if set(months) - true or bool(answers) != bool(rows):
                faults.append((name, months, true))
            if (
                purse
                and purse["return_month"]
                and ("public_purse", purse["return_month"]) not in months
            ):
                faults.append((name, "the public purse's month is missing"))
            if any(not answer["text"] for answer in answers):
                faults.append((name, "says nothing"))
        return faults

    assert wrong_answers(pages, wrong) == {}


def test_8_how_sure(pages, record):
    def wrong(page):
        faults = []
        for name in record.offered(page.district):
            row = record.value(record.whose(page.district, name), name, "society")
            answers = [one for one in page.of("sure") if one["subject"] == name]
            said = [
                (answer["bands"], [record.at(n) for n in answer["numbers"] if n["col"] == column])
                for answer in answers
                for column in ("probability_positive",)
            ]
            wanted = [([band_of(row["probability_positive"])], [row])] if row else []
            if said != wanted:
                faults.append((name, said, wanted))
        return faults

    assert wrong_answers(pages, wrong) == {}


def test_9_what_is_unknown(pages):
    def wrong(page):
        lines = [line["text"] for answer in page.of("unknown") for line in answer["lines"]]
        return [] if lines and all(lines) else [lines]

    assert wrong_answers(pages, wrong) == {}


def test_10_what_to_do_next(pages, record):
    def wrong(page):
        (answer,) = page.of("next")
        things = [line for line in answer["lines"] if "thing" in line]
        advice = record.offered(page.district)
        faults = [] if things or answer["text"] else ["says nothing"]
        if len(things) > MOST_THINGS:
            faults.append("too many things")
        for thing in things:
            name = thing["subject"]
            if name not in advice or advice[name]["advice"] not in FITTING[thing["thing"]]:
                faults.append((name, thing["thing"]))
            about = {
                (record.at(number).get("intervention_id"), record.at(number).get("district"))
                for number in thing["numbers"]
            }
            if not about or not about <= {(name, page.district), (name, CITY)}:
                faults.append((name, about))
        return faults

    assert wrong_answers(pages, wrong) == {}


def test_what_is_advised_is_what_was_published(pages, record):
    def wrong(page):
        words = words_of_run(record.run, page.language)
        faults = []
        for name, row in record.offered(page.district).items():
            said = [one for one in page.of("advice") if one["subject"] == name]
            label = words.label(f"advice.{row['advice']}")
            if [one["advice"] for one in said] != [[row["advice"]]] or not said[0][
                "text"
            ].startswith(label):
                faults.append((name, said, row["advice"]))
        return faults

    assert wrong_answers(pages, wrong) == {}
