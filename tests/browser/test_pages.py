"""The pages of the demo run in a real browser: whole, offline, traceable to published tables, and
usable by everyone.

Not every rule of WCAG 2.1 can be tested by a program; these are the ones that can without further
tools.
"""

import re
from collections import Counter
from html import unescape
from itertools import pairwise

import polars as pl
import pytest

from evalkit.disclosure import read_published
from evalkit.tables import slug
from evalkit.vocabulary import band_of
from evalkit.words import words, words_of_run
from evalkit.words.run_words import protocols_of

pytestmark = pytest.mark.browser

NBSP, MINUS = "\u00a0", "\u2212"
PARTS = {"thousands": 1e-3, "millions": 1e-6, "in_millions": 1e-6}
HUNDREDFOLD = ("percent", "signed_percent", "probability", "hundredths", "points")
BOUNDS = {"over": 1, "över": 1, "under": -1}
# A rounded number lies at most half a step from its value; the rest is binary arithmetic.
ARITHMETIC = 1e-9
FEWEST_NUMBERS, FEWEST_ON_SHEET = 40, 4
EVIDENCE = ("evidence", "interventions")
PEOPLE = "people"


def faults(visits, find):
    """What a search found on each page, by page; pages without a finding are left out."""
    found = {"/".join(visit.path.parts[-3:]): find(visit) for visit in visits}
    return {name: what for name, what in found.items() if what}


def read_number(text: str, language: str) -> float:
    """A number as a reader of the language reads it: units, currency and spaces left out."""
    thousands, decimal = ("", ",") if language == "sv" else (",", ".")
    text = (
        text.replace(NBSP, "")
        .replace(MINUS, "-")
        .replace(thousands or NBSP, "")
        .replace(decimal, ".")
    )
    return float("".join(letter for letter in text if letter in "+-.0123456789"))


def shows_its_value(mark: dict, value: object, language: str) -> bool:
    """Whether the text of a mark is its published value, rounded."""
    kind, _, rest = mark["form"].partition(":")
    if kind == "withheld":
        return value is None
    if kind == "people" and mark["text"] == "0–2":
        return value == 0
    if kind == "duration":
        return mark["text"] == words(language).duration(value)
    if value is None or (kind in ("percent", "signed_percent", "probability")) != (
        "%" in mark["text"]
    ):
        return False
    side = BOUNDS.get(mark["text"].split()[0]) if kind in ("probability", "percent") else None
    if side:
        return side * (100 * value - read_number(mark["text"], language)) > 0
    digits = int(rest.split(":")[0])
    scale = {"fewer": -100}.get(kind, 100 if kind in HUNDREDFOLD else PARTS.get(kind, 1))
    return abs(
        read_number(mark["text"], language) - scale * value
    ) <= 0.5 * 10.0**-digits + ARITHMETIC * max(1.0, abs(value))


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        (f"1{NBSP}234,5", "sv", 1234.5),
        ("1,234.5", "en", 1234.5),
        (f"{MINUS}12{NBSP}%", "sv", -12),
        ("+£1,200", "en", 1200),
        (f"{MINUS}SEK{NBSP}900", "en", -900),
    ],
)
def test_read_number_reads_as_readers_do(text, language, value):
    assert read_number(text, language) == value


@pytest.mark.parametrize(
    ("text", "value", "is_true"),
    [
        ("over 98%", 1.0, True),
        ("over 98%", 0.97, False),
        ("under 2%", 0.0, True),
        ("50%", 0.6, False),
    ],
)
def test_a_bound_shows_a_value_beyond_it(text, value, is_true):
    assert shows_its_value({"form": "probability:0", "text": text}, value, "en") is is_true


def test_browser_would_notice_a_request_outside(browser, tmp_path):
    page = tmp_path / "outside.html"
    page.write_text(
        '<!doctype html><title>x</title><img src="http://outside.invalid/picture.png" alt="">',
        encoding="utf-8",
    )

    browser.open(page)

    assert browser.outside_requests() == ["http://outside.invalid/picture.png"]


def test_browser_would_notice_an_error_in_the_console(browser, tmp_path):
    page = tmp_path / "error.html"
    page.write_text(
        "<!doctype html><title>x</title><script>throw new Error('seen')</script>", encoding="utf-8"
    )

    browser.open(page)

    assert any("seen" in message for message in browser.console())


def test_site_has_its_pages_in_every_language(site, run):
    districts = [slug(district) for district in run.params.districts]
    actions = read_published(run.run_dir, "programme_actions").data
    names = [
        *("index.html", "evidence/all.html", "about/method.html"),
        *(["about/programme.html"] if actions.height else []),
        *(f"{folder}{district}.html" for folder in ("", "evidence/") for district in districts),
        *(
            f"{folder}/{slug(intervention)}.html"
            for folder in ("interventions", "people")
            for intervention in protocols_of(run)
        ),
    ]
    expected = {f"{language}/{name}" for language in run.params.languages for name in names} | {
        "index.html"
    }

    assert {path.relative_to(site).as_posix() for path in site.rglob("*.html")} == expected


def test_titles_are_ours(visits, run):
    titles = tuple(run.params.title.values())

    assert (
        faults(
            visits,
            lambda visit: (
                [] if any(title in visit.seen["title"] for title in titles) else visit.seen["title"]
            ),
        )
        == {}
    )


def test_pages_ask_nothing_of_the_network(visits):
    assert faults(visits, lambda visit: visit.outside) == {}


def test_pages_run_their_own_script_alone(visits):
    def runs_more(visit):
        policy, has_script = visit.seen["policy"], visit.seen["scripts"] == 1
        return "default-src 'none'" not in policy or has_script != ("script-src 'sha256-" in policy)

    assert faults(visits, runs_more) == {}


def test_console_stays_silent(visits):
    assert faults(visits, lambda visit: visit.console) == {}


def test_every_number_is_the_published_one(reports, site):
    tables = {
        path.stem: read_published(site.parent, path.stem).data
        for path in (site.parent / "published").glob("*.json")
    }

    def wrong(visit):
        return [
            mark
            for mark in visit.seen["marks"]
            if not shows_its_value(mark, published_value(tables, mark), visit.seen["lang"])
        ]

    assert faults(reports, wrong) == {}


def test_every_page_has_numbers(reports):
    # Fewer would mean that parts are missing. The sheet for the person says little.
    def too_few(visit):
        is_sheet = visit.path.parent.name == PEOPLE
        return len(visit.seen["marks"]) < (FEWEST_ON_SHEET if is_sheet else FEWEST_NUMBERS)

    assert faults(reports, too_few) == {}


def test_pages_show_the_same_numbers_in_both_languages(reports, site):
    def addresses(visit):
        return Counter((mark["table"], mark["row"], mark["col"]) for mark in visit.seen["marks"])

    by_name = {}
    for visit in reports:
        by_name.setdefault(place_in_language(visit, site), []).append(addresses(visit))

    assert [name for name, found in by_name.items() if any(one != found[0] for one in found)] == []


def test_no_page_scrolls_sideways(visits):
    assert (
        faults(
            visits,
            lambda visit: {
                width: found for width, found in visit.scroll_widths.items() if found > width
            },
        )
        == {}
    )


def test_lang_is_that_of_the_folder(reports, site):
    def is_another(visit):
        return visit.seen["lang"] != visit.path.relative_to(site).parts[0]

    assert faults(reports, is_another) == {}


def test_pages_have_one_h1_and_headings_in_order(visits):
    def disordered(visit):
        levels = visit.seen["headings"]
        return (
            levels.count(1) != 1
            or levels[0] != 1
            or any(after - before > 1 for before, after in pairwise(levels))
        )

    assert faults(visits, disordered) == {}


def test_pages_have_landmarks_and_named_navigation(reports):
    expected = {"main": 1, "header": 1, "footer": 1}

    assert (
        faults(
            reports,
            lambda visit: visit.seen["landmarks"] != expected or "" in visit.seen["navigations"],
        )
        == {}
    )


def test_pictures_have_a_label_a_conclusion_and_a_table(reports):
    def bare(visit):
        needed = ("label", "conclusion", "cells", "height")
        return [
            p["label"]
            for p in visit.seen["pictures"]
            if p["role"] != "img" or not all(p[field] for field in needed)
        ]

    assert faults(reports, bare) == {}


def test_pictures_are_named_or_stand_beside_their_numbers(reports):
    assert faults(reports, lambda visit: visit.seen["unnamed"]) == {}


def test_evidence_has_pictures(reports):
    evidence = [visit for visit in reports if visit.path.parent.name in EVIDENCE]

    assert faults(evidence, lambda visit: len(visit.seen["pictures"]) < 1) == {}


def test_tables_have_captions_and_scoped_headers(reports):
    assert (
        faults(
            reports,
            lambda visit: [
                t
                for t in visit.seen["tables"]
                if not t["caption"] or t["unscoped"] or not t["headers"]
            ],
        )
        == {}
    )


def test_ranges_in_tables_stand_on_one_line(reports):
    assert faults(reports, lambda visit: visit.seen["torn"]) == {}


def test_ids_stand_once(visits):
    assert (
        faults(
            visits,
            lambda visit: [name for name, count in Counter(visit.seen["ids"]).items() if count > 1],
        )
        == {}
    )


def test_links_have_text_and_lead_somewhere(visits):
    def dead(visit):
        return [
            link["href"]
            for link in visit.seen["links"]
            if not link["text"] or not leads_somewhere(visit, link["href"])
        ]

    assert faults(visits, dead) == {}


def test_pages_link_to_themselves_in_the_other_language(reports, run, site):
    def missing(visit):
        linked = {
            ((visit.path.parent / link["href"]).resolve(), link["lang"])
            for link in visit.seen["links"]
        }
        own = place_in_language(visit, site)
        return [
            language
            for language in run.params.languages
            if language != visit.seen["lang"]
            and ((site / language / own).resolve(), language) not in linked
        ]

    assert faults(reports, missing) == {}


def test_text_stands_out_from_its_ground(visits):
    assert faults(visits, lambda visit: visit.seen["faint"]) == {}


def test_first_tab_reaches_the_skip_link(browser, reports):
    from selenium.webdriver.common.keys import Keys

    browser.open(reports[0].path)
    browser.driver.find_element("tag name", "body").send_keys(Keys.TAB)

    assert browser.driver.switch_to.active_element.get_attribute("href").endswith("#content")


def published_value(tables: dict[str, pl.DataFrame], mark: dict) -> object:
    """The value at a mark's address; a text, which no number equals, where there is no such
    place.
    """
    rows = (
        tables[mark["table"]].filter(pl.col("row_id") == int(mark["row"]))
        if mark["table"] in tables
        else pl.DataFrame()
    )
    if rows.height != 1 or mark["col"] not in rows.columns:
        return float("nan")
    return rows[mark["col"]].item()


def place_in_language(visit, site) -> str:
    """A page's path from its language's folder."""
    return "/".join(visit.path.relative_to(site).parts[1:])


def leads_somewhere(visit, href: str) -> bool:
    """Whether a link's target exists: a place in the page, or a file beside it."""
    file, _, place = href.partition("#")
    return place in visit.seen["ids"] if not file else (visit.path.parent / file).exists()


def test_no_sentence_of_a_decision_page_is_built_alike_more_than_twice(site, run, skeletons):
    repeated = {}
    for language in run.params.languages:
        told = words_of_run(run, language)
        names = [*run.params.districts, *map(told.text, protocols_of(run)), told.text("all")]
        for page in sorted((site / language).glob("*.html")):
            counts = skeletons(page.read_text(encoding="utf-8"), names)
            if often := {sentence for sentence, n in counts.items() if n > 2}:
                repeated[f"{language}/{page.name}"] = often

    assert repeated == {}


def test_no_page_contradicts_itself(site, contradictions):
    faults, n_verdicts = contradictions(sorted(site.rglob("*.html")))

    assert faults == []
    assert n_verdicts > 0


def test_verdicts_say_what_the_published_probabilities_say(site, run):
    published = site.parent / "published"
    payers = pl.read_parquet(published / "value_payers.parquet").rename({"payer": "perspective"})
    parts = pl.read_parquet(published / "value_parts.parquet").filter(part="total")
    told = {
        f"{row['district']}/{row['intervention_id']}/{row['perspective']}": row
        for rows in (payers, parts)
        for row in rows.iter_rows(named=True)
    }
    verdict = re.compile(
        r'data-question="pays" data-subject="([^"]*)" data-horizon="(\d+)" data-band="([^"]*)"'
    )
    said = {
        found
        for page in site.rglob("*.html")
        for found in verdict.findall(page.read_text(encoding="utf-8"))
    }

    assert said
    for subject, horizon, band in said:
        row = told[unescape(subject)]
        assert (int(horizon), band) == (
            row["horizon_months"],
            band_of(row["probability_positive"]),
        ), subject
        assert int(horizon) == run.params.value.horizon_months
