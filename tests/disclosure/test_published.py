import copy
import dataclasses

import polars as pl
import pytest

from evalkit.disclosure import (
    RULES,
    Published,
    protect_counts,
    protect_estimates,
    require_published,
)
from evalkit.disclosure.published import rule_in_words
from evalkit.errors import DisclosureError, ParameterError
from evalkit.words import words


@pytest.fixture
def published(exits, provenance):
    return protect_counts(
        exits,
        name="exits",
        keys=["district", "exit"],
        counts=["n_persons"],
        n_persons="n_persons",
        **provenance,
    )


def test_published_cannot_be_made_elsewhere():
    fields = {
        "data": pl.DataFrame(),
        "name": "x",
        "keys": (),
        "unit": "",
        "source": "",
        "grade": "L",
        "rules": (),
        "n_suppressed": 0,
    }

    with pytest.raises(DisclosureError) as caught:
        Published(**fields, sha256="")

    lines = str(caught.value).splitlines()
    assert lines[0] == "A Published table can only be made by disclosure control."
    assert lines[1] == "  where: Published(name='x')"
    assert "its numbers tell of nobody" in lines[2]
    assert "protect_counts" in lines[3]


def test_published_cannot_be_remade_with_other_rows(published):
    with pytest.raises(DisclosureError):
        dataclasses.replace(published, data=pl.DataFrame({"n_persons": [3]}), seal=None)


def test_published_cannot_be_changed(published):
    with pytest.raises(dataclasses.FrozenInstanceError):
        published.data = pl.DataFrame()


def test_published_copies_keep_the_rows(published):
    assert copy.copy(published).data.equals(published.data)


def test_where_keeps_row_numbers_and_provenance(published):
    part = published.where(district="B", exit=["studies", "work"])

    assert part.data["row_id"].to_list() == [5, 7]
    assert (part.name, part.sha256, part.n_suppressed) == (
        published.name,
        published.sha256,
        published.n_suppressed,
    )


def test_where_names_the_known_keys_when_a_key_is_mistyped(published):
    with pytest.raises(ParameterError) as caught:
        published.where(distrikt="B")

    lines = str(caught.value).splitlines()
    assert lines[0] == "The published table exits has no such key."
    assert lines[1] == '  where: "distrikt": did you mean "district"?'
    assert lines[2].startswith("  why:   Rows are chosen by key columns only")
    assert lines[3] == "  fix:   choose by: district, exit."


def test_html_names_source_and_rules(published):
    text = published._repr_html_()

    assert "made up for this test (grade L)" in text
    assert "No value withheld" in text
    assert "rounded to the nearest 5" in text


def test_html_writes_what_a_zero_of_people_stands_for_and_no_other(published):
    text = published._repr_html_()

    # Row 0 of the table is row 0, and nobody of B is still on support.
    assert "<tr><td>0</td><td>A</td>" in text
    assert "<td>still_on_support</td><td>0–2</td>" in text
    assert published.counted == {"n_persons"}


def test_html_counts_what_is_withheld(provenance):
    table = pl.DataFrame({"group": ["a"], "estimate": [1.0], "n_persons": [3]})

    text = protect_estimates(
        table,
        name="t",
        keys=["group"],
        values=["estimate"],
        n_persons="n_persons",
        **provenance,
    )._repr_html_()

    assert "1 values withheld" in text and ">–<" in text


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_a_sentence(code, language):
    sentence = rule_in_words(f"{code}:30", words(language))

    assert sentence.endswith(".")
    assert "{" not in sentence


def test_require_published_refuses_a_plain_table():
    with pytest.raises(DisclosureError) as caught:
        require_published(pl.DataFrame({"n_persons": [3]}), where="chart exit_curves")

    lines = str(caught.value).splitlines()
    assert lines[0].startswith("A table that has not passed disclosure control")
    assert lines[1] == "  where: chart exit_curves: got DataFrame"
    assert lines[2].startswith("  why:   Charts and pages accept Published tables only")
    assert lines[3].startswith("  fix:   pass the table through protect_counts")


def test_require_published_returns_the_table(published):
    assert require_published(published, where="page") is published
