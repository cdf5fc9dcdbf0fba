"""A third language is added by adding files: an invented one, every text written in Greek letters,
is put beside the others, and pages, charts, the protocol's card and the contracts' pages are made
in it.
"""

import re
from html import unescape
from pathlib import Path

import polars as pl
import pytest
import yaml

from evalkit import charts
from evalkit.disclosure import protect_estimates
from evalkit.errors import ParameterError
from evalkit.intake import load_contracts, write_documentation
from evalkit.params import RunFile
from evalkit.report import (
    write_district_pages,
    write_intervention_pages,
    write_overviews,
)
from evalkit.words import protocol_card, refuse_missing_texts, words, words_of_run
from evalkit.words.files import FOLDER, LOCALES
from evalkit.words.run_words import protocols_of

CONTRACTS = Path(__file__).parents[2] / "data_contracts"
LANGUAGE, SOURCE = "xx", "made up for this test"
LOCALE = {
    "name": "Ξενικά",
    "link": "Στα ξενικά",
    "babel": "el_GR",
    "percent": "{number} %",
    "money": "#,##0 ¤",
    "money_of_code": "#,##0 ¤",
}
LATIN = "abcdefghijklmnopqrstuvwxyzåäö"
GREEK = "αβψδεφγηιξκλμνοπκρστθωςχυζααο"
IN_GREEK = str.maketrans(LATIN + LATIN.upper(), GREEK + GREEK.replace("ς", "Σ").upper())


def in_greek(text: str) -> str:
    """The text in Greek letters; what stands in braces is no text."""
    parts = re.split(r"(\{[^}]*\})", text)
    return "".join(part if part[:1] == "{" else part.translate(IN_GREEK) for part in parts)


def with_greek(content):
    """A parameter file with every text in Greek letters too."""
    if isinstance(content, dict) and "en" in content:
        return {**content, LANGUAGE: in_greek(content["en"])}
    if isinstance(content, dict):
        return {key: with_greek(value) for key, value in content.items()}
    return [with_greek(value) for value in content] if isinstance(content, list) else content


@pytest.fixture
def third_language(tmp_path, monkeypatch):
    """The languages' files, and one more language beside them."""
    folder = tmp_path / "words"
    folder.mkdir()
    for path in FOLDER.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        (folder / path.name).write_text(text, encoding="utf-8")
        if path.name.startswith("en."):
            greek = {key: in_greek(value) for key, value in yaml.safe_load(text).items()}
            name = path.name.replace("en.", f"{LANGUAGE}.", 1)
            (folder / name).write_text(yaml.safe_dump(greek, allow_unicode=True), encoding="utf-8")
    with (folder / LOCALES).open("a", encoding="utf-8") as locales:
        locales.write(yaml.safe_dump({LANGUAGE: LOCALE}, allow_unicode=True))
    monkeypatch.setattr("evalkit.words.files.FOLDER", folder)
    return folder


@pytest.fixture
def greek_run(third_language, make_run):
    """The made-up city with texts in the third language too, and a report in it."""
    run = make_run(languages=[LANGUAGE, "sv"])
    for path in run.run_file.parent.glob("*.yaml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        path.write_text(yaml.safe_dump(with_greek(content)), encoding="utf-8")
    params = with_greek(run.params.model_dump(mode="json", exclude_unset=True))
    return run.model_copy(update={"params": RunFile.model_validate(params)})


@pytest.fixture
def greek_tables(tables):
    """The published tables; prices have names in the third language."""
    prices = tables["prices"].data.drop("row_id", "status")
    greek = [in_greek(name) for name in prices["name_en"]]
    published = protect_estimates(
        prices.with_columns(pl.Series(f"name_{LANGUAGE}", greek)),
        name="prices",
        keys=["price"],
        values=[*prices.columns[1:], f"name_{LANGUAGE}"],
        n_persons=None,
        unit="as stated",
        source=SOURCE,
        grade="L",
    )
    return {**tables, "prices": published}


def seen(html: str) -> str:
    """What a reader sees or hears: text and names of pictures, without marks of where a number
    stands.
    """
    heard = re.findall(r'(?:aria-label|alt|title|data-label)="([^"]*)"', html)
    text = re.sub(r"<(style|code|script)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return unescape(" ".join([re.sub(r"<[^>]+>", " ", text), *heard]))


def latin_words(text: str) -> set[str]:
    """Words in the letters of the languages that exist."""
    return set(re.findall(r"[a-zåäöA-ZÅÄÖ]{2,}", text))


@pytest.mark.slow
def without_names(text: str, run, tables) -> str:
    """The text without names of data that no language translates: districts, files, currencies,
    tables and rules of contracts.
    """
    intake = tables["intake"].data.select("table", "rule").rows()
    names = [*run.params.districts, *run.inputs, *run.versions, run.run_file.name, SOURCE, "SEK"]
    names += [*(name for row in intake for name in row), *tables["prices"].data["source"]]
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    return text


def test_pages_and_charts_in_a_third_language_hold_no_word_of_another(greek_run, greek_tables):
    pages = [
        *write_district_pages(greek_run, "Norr", greek_tables, charts.district_figures),
        *write_overviews(greek_run, greek_tables, charts.overview_figures),
        *write_intervention_pages(
            greek_run, "work_training", greek_tables, charts.intervention_figures
        ),
    ]

    html = {
        str(path.relative_to(greek_run.run_dir / "site")): path.read_text(encoding="utf-8")
        for path in pages
    }
    greek = [text for name, text in html.items() if name.startswith(f"{LANGUAGE}/")]
    text = " ".join(map(seen, greek)).replace("På svenska", " ")
    district, swedish, choice = (
        html[name] for name in (f"{LANGUAGE}/evidence/norr.html", "sv/norr.html", "index.html")
    )
    assert len(greek) == 7
    assert latin_words(without_names(text, greek_run, greek_tables)) == {"ATT"}
    assert '<html lang="xx">' in district and district.count("<svg ") > 3
    assert "Ξενικά" in choice and "Στα ξενικά" in swedish
    assert words(LANGUAGE).text("chart.exit_curves.title") in unescape(district)


def test_a_run_without_its_texts_in_a_third_language_is_refused(greek_run, make_run):
    refuse_missing_texts(greek_run, protocols_of(greek_run))

    with pytest.raises(ParameterError, match=r"sample.yaml: title .no xx."):
        refuse_missing_texts(make_run(languages=["sv", LANGUAGE]), {})


def test_the_protocols_card_in_a_third_language_holds_no_word_of_another(greek_run):
    (protocol,) = protocols_of(greek_run).values()

    card = protocol_card(protocol, words_of_run(greek_run, LANGUAGE))

    shown = [text for row in card.iter_rows() for text in row]
    assert latin_words(" ".join(shown[:-1])) == {protocol.estimand}


def test_contract_pages_in_a_third_language_fall_back_on_the_contracts_own_texts_only(
    third_language, tmp_path
):
    contracts = load_contracts(CONTRACTS)

    write_documentation(contracts, tmp_path)

    english, greek = (
        (tmp_path / f"contracts.{language}.html").read_text(encoding="utf-8")
        for language in ("en", LANGUAGE)
    )
    description = contracts["person"].description["en"]
    assert description in english and description in greek
    headings = re.findall(r"<(?:h1|h2[^>]*|h4|caption|th role=.columnheader[^>]*)>([^<]*)", greek)
    assert len(headings) > 5 and latin_words(" ".join(headings)) == set()
