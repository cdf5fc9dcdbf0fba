from datetime import date

import polars as pl
import pytest

from evalkit.params import RunFile
from evalkit.spells import offer_counts

NO_MONTHS = pl.DataFrame(
    schema={"intervention_id": pl.String, "first_month": pl.Date, "last_month": pl.Date}
)


@pytest.fixture
def params():
    return RunFile.model_validate(
        {
            "run": "town",
            "title": {"sv": "Stad", "en": "Town"},
            "districts": ["Harbour", "Hill"],
            "seed": 1,
            "extract": {"folder": "town", "first_month": "2018-01", "data_through": "2019-12"},
        }
    )


def month(number):
    """The first day of a month; 1 is January 2018."""
    return date(2018 + (number - 1) // 12, (number - 1) % 12 + 1, 1)


def make_tables(rows, interventions=("coach", "train")):
    """Person, district, intervention, first and last month (None: running), planned months."""
    schema = {
        "person_id": pl.String,
        "intervention_id": pl.String,
        "start": pl.Date,
        "end": pl.Date,
        "planned_months": pl.Int32,
        "is_running": pl.Boolean,
    }
    episodes = pl.DataFrame(
        [
            (person, kind, month(first), last and month(last + 1), planned, last is None)
            for person, _, kind, first, last, planned in rows
        ],
        schema=schema,
        orient="row",
    )
    person = pl.DataFrame(
        [(row[0], row[1]) for row in rows],
        schema={"person_id": pl.String, "district": pl.String},
        orient="row",
    ).unique()
    return {
        "episodes": episodes,
        "person": person,
        "intervention": pl.DataFrame(
            {
                "intervention_id": list(interventions),
                "name": [name.title() for name in interventions],
            }
        ),
        "support_spells": pl.DataFrame(
            schema={
                "person_id": pl.String,
                "district": pl.String,
                "start": pl.Date,
                "end": pl.Date,
            }
        ),
    }


def starters(district, n, kind="train", *, last=6, planned=6, first=1):
    return [(f"{district}{kind}{last}-{i}", district, kind, first, last, planned) for i in range(n)]


def test_offer_counts_has_a_row_for_every_district_and_intervention(params):
    counts = offer_counts(make_tables(starters("Harbour", 12)), params, counted=NO_MONTHS)

    rows = counts.select("district", "intervention_id", "n_persons", "n_starts").rows()
    assert rows == [
        ("Harbour", "coach", 0, 0.0),
        ("Harbour", "train", 12, 6.0),
        ("Hill", "coach", 0, 0.0),
        ("Hill", "train", 0, 0.0),
        ("all", "coach", 0, 0.0),
        ("all", "train", 12, 6.0),
    ]


def test_offer_counts_counts_the_months_of_a_protocol_alone(params):
    tables = make_tables(
        [
            ("A", "Hill", "train", 1, 2, 6),
            ("A", "Hill", "train", 13, 14, 6),
            ("A", "Hill", "train", 18, 19, 6),
            ("B", "Hill", "train", 19, 20, 6),
        ]
    )
    counted = pl.DataFrame(
        {"intervention_id": ["train"], "first_month": [month(13)], "last_month": [month(18)]}
    )

    counts = offer_counts(tables, params, counted=counted)

    (row,) = counts.filter(district="Hill", intervention_id="train").rows(named=True)
    # Two starts of one person in half a year.
    assert (row["n_persons"], row["n_starts"], row["n_months_counted"]) == (1, 4.0, 6)
    assert (row["counted_from"], row["counted_through"]) == (month(13), month(18))


def test_kept_are_those_of_the_starts_whose_planned_time_is_over(params):
    tables = make_tables(
        [
            *starters("Harbour", 6, last=6),
            *starters("Harbour", 6, last=3),
            # Running past the plan, running within it, and without a plan.
            *starters("Harbour", 6, last=None, first=2),
            *starters("Harbour", 7, last=None, first=23, kind="train"),
            *starters("Harbour", 8, last=9, planned=None),
        ]
    )
    tables["episodes"] = tables["episodes"].with_columns(
        person_id=pl.int_range(pl.len()).cast(pl.String)
    )
    tables["person"] = pl.DataFrame({"person_id": [str(i) for i in range(33)]}).with_columns(
        district=pl.lit("Harbour")
    )

    counts = offer_counts(tables, params, counted=NO_MONTHS)

    kept = counts.filter(district="all", intervention_id="train").select("n_kept", "n_due")
    assert kept.row(0) == (12, 18)
