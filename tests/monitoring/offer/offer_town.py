"""A town of two districts, in rows."""

from datetime import date

import polars as pl

from evalkit.line.delivered import delivered
from evalkit.line.offer_codes import OfferCodes
from evalkit.params import RunFile
from evalkit.records import load
from evalkit.shipped import shipped

CODES = load(shipped("params", "offer", "sweden.yaml"), OfferCodes)


def params(**monitoring):
    return RunFile.model_validate(
        {
            "run": "town",
            "title": {"sv": "Stad", "en": "Town"},
            "districts": ["Harbour", "Hill"],
            "seed": 1,
            "extract": {"folder": "town", "first_month": "2018-01", "data_through": "2019-12"},
            "monitoring": monitoring,
        }
    )


# Exits are known up to here, two months before the end of the data.
RUNS_TO = 23


def month(number):
    """The first day of a month; 1 is January 2018."""
    return date(2018 + (number - 1) // 12, (number - 1) % 12 + 1, 1)


def rows_of(name, columns, *rows):
    """A delivered table of some columns; the others are empty."""
    empty = delivered()[name].empty()
    made = pl.DataFrame(
        list(rows), schema={column: empty.schema[column] for column in columns}, orient="row"
    )
    return pl.concat([empty, made], how="diagonal")


def interventions(*rows):
    """Name, kind, content, target groups."""
    return rows_of("intervention", ("intervention_id", "kind", "content", "target_groups"), *rows)


def starts(*rows):
    """Person, district, intervention, first month, first month no longer there (None: running)."""
    return pl.DataFrame(
        [
            (person, name, month(first), end and month(end), month(first), district)
            for person, district, name, first, end in rows
        ],
        schema={
            "person_id": pl.String,
            "intervention_id": pl.String,
            "start": pl.Date,
            "end": pl.Date,
            "month": pl.Date,
            "district": pl.String,
        },
        orient="row",
    )


def spells(*rows):
    """Person, district, first month and first month no longer on support (None: it still runs where
    follow-up ends).
    """
    return pl.DataFrame(
        [
            (person, district, month(first), month(after or RUNS_TO), after and "work")
            for person, district, first, after in rows
        ],
        schema={
            "person_id": pl.String,
            "district": pl.String,
            "start": pl.Date,
            "end": pl.Date,
            "exit": pl.String,
        },
        orient="row",
    )


def tables(**given):
    """Delivered tables, empty where none is given."""
    names = ("need", "intervention", "capacity", "outreach", "population", "action", "person")
    return {name: delivered()[name].empty() for name in names} | {
        "support_spells": spells(),
        **given,
    }
