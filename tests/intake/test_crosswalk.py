"""The crosswalk: former districts are counted under what they have become, by date, and that is
said.
"""

from datetime import date
from pathlib import Path

import pytest

from evalkit.errors import ParameterError
from evalkit.intake.checking.crosswalk import load_crosswalk

STOCKHOLM = Path(__file__).parents[2] / "data_contracts/crosswalks/stockholm.yaml"
DISTRICTS_2017 = {
    *(
        "Rinkeby-Kista",
        "Spånga-Tensta",
        "Hässelby-Vällingby",
        "Bromma",
        "Kungsholmen",
        "Norrmalm",
        "Östermalm",
        "Södermalm",
    ),
    *(
        "Enskede-Årsta-Vantör",
        "Skarpnäck",
        "Farsta",
        "Älvsjö",
        "Hägersten-Liljeholmen",
        "Skärholmen",
    ),
}


def _now(crosswalk, day):
    return {old: now for old, (now, _) in crosswalk.names_on(day).items()}


def test_stockholm_of_2017_is_reached_from_the_names_of_2000_and_not_beyond():
    now = _now(load_crosswalk(STOCKHOLM), date(2017, 12, 1))

    assert now["Kista"] == "Rinkeby-Kista" and now["Enskede-Årsta"] == "Enskede-Årsta-Vantör"
    assert set(now.values()) <= DISTRICTS_2017 and not set(now) & DISTRICTS_2017


def test_stockholm_follows_changes_one_after_another():
    crosswalk = load_crosswalk(STOCKHOLM)

    assert _now(crosswalk, date(2022, 12, 1))["Liljeholmen"] == "Hägersten-Älvsjö"
    assert _now(crosswalk, date(2023, 12, 1))["Kista"] == "Järva"
    assert "Rinkeby-Kista" not in _now(crosswalk, date(2022, 12, 31))


def test_stockholm_grades_and_sources_every_change():
    assert all(
        change.grade in "ML" and change.source for change in load_crosswalk(STOCKHOLM).changes
    )


@pytest.fixture
def with_crosswalk(tmp_path):
    (tmp_path / "walk.yaml").write_text(
        "source: a test\nchanges:\n  - {since: 2026-02-01, into: Norr, from: [Nordväst, Nordost], "
        "grade: M, source: a test}\n",
        encoding="utf-8",
    )
    path = tmp_path / "mapping.yaml"
    path.write_text("source: a test\ncrosswalk: walk.yaml\n", encoding="utf-8")
    return path


def test_admit_counts_former_districts_under_the_new_one_and_says_so(extract, with_crosswalk):
    lines = [
        "household_id,month,district,amount,currency",
        "H-1,2026-01-01,Nordväst,,",
        "H-1,2026-02-01,Nordost,,",
        "H-3,2026-02-01,Söder,,",
    ]
    extract.write("income_support", lines)

    admission = extract.admit(mapping=with_crosswalk, max_rejected_share=0)

    assert admission.tables["income_support"]["district"].to_list() == ["Norr", "Norr", "Söder"]
    assert admission.assumptions.filter(table="income_support", file="")[
        "assumption"
    ].to_list() == [
        'column "district": 1 rows of Nordost are counted under Norr: Norr since 2026-02-01 (grade '
        "M); 1 of them are dated after the change",
        'column "district": 1 rows of Nordväst are counted under Norr: Norr since 2026-02-01 '
        "(grade M)",
    ]


def test_admit_leaves_districts_alone_when_the_data_end_before_the_change(
    extract, with_crosswalk, rejections
):
    extract.write(
        "income_support",
        [
            "household_id,month,district,amount,currency",
            "H-1,2026-01-01,Nordväst,,",
            "H-1,2026-01-01,Norr,,",
        ],
    )

    admission = extract.admit(
        mapping=with_crosswalk, data_through=date(2026, 1, 1), max_rejected_share=1
    )

    assert ("income_support", "district_known", 2) in rejections(admission)


def test_admit_leaves_a_district_alone_that_the_run_names(extract, with_crosswalk):
    extract.write(
        "income_support",
        ["household_id,month,district,amount,currency", "H-1,2026-01-01,Nordväst,,"],
    )

    admission = extract.admit(mapping=with_crosswalk, districts=["Norr", "Söder", "Nordväst"])

    assert admission.tables["income_support"]["district"].to_list() == ["Nordväst"]


def test_load_crosswalk_refuses_a_change_without_grade(tmp_path, four_lines):
    path = tmp_path / "walk.yaml"
    path.write_text(
        "source: x\nchanges:\n  - {since: 2026-02-01, into: Norr, from: [A], source: x}\n",
        encoding="utf-8",
    )

    with pytest.raises(ParameterError) as caught:
        load_crosswalk(path)

    assert 'missing key "changes.0.grade"' in four_lines(caught.value)["where"]
