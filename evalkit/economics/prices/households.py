"""A household's money, split among its people: support is paid to households, while effects and
their ledger are about people.

When both adults of a couple take part, each has a ledger of their own, and the household's money
may stand in the two of them only once. So what a household gets is posted in equal parts in the
ledgers of those of its adults who take part; there, every adult receives an equal part of it.
"""

from typing import NamedTuple

import polars as pl

from evalkit.disclosure.rounding import step_above, to_step
from evalkit.economics.prices.price_book_file import declare_price_book
from evalkit.line.price_book import PriceBook
from evalkit.payments import support_months
from evalkit.words import languages, words


class HouseholdParts(NamedTuple):
    """Whose ledger a household's money stands in: shares that sum to one, the mean over
    participants' months with support.

    person : the participant's own. other_household : of the other adults, who do not take part.
    other_participants : what stands in the ledgers of those who do. n_people : participants with
    another adult in the household.
    """

    person: float
    other_household: float
    other_participants: float
    n_people: int


def household_parts(
    income_support: pl.DataFrame | pl.LazyFrame,
    household_member: pl.DataFrame | pl.LazyFrame,
    episodes: pl.DataFrame | pl.LazyFrame,
) -> HouseholdParts | None:
    """How the money of participants' households is split, from the delivered tables.

    Parameters
    ----------
    income_support : DataFrame or LazyFrame
        household_id, month, amount; `payments` tells which payments count.
    household_member : DataFrame or LazyFrame
        household_id, person_id, month, role; children have no part.
    episodes : DataFrame or LazyFrame
        person_id of everybody who has begun an intervention.

    Returns
    -------
    HouseholdParts or None
        None where no participant has a month with support.
    """
    participants = episodes.lazy().select("person_id", is_participant=pl.lit(True)).unique()
    adults = (
        household_member.lazy()
        .filter(pl.col("role") != "child")
        .join(support_months(income_support), on=["household_id", "month"], how="semi")
    )
    months = (
        adults.join(participants, on="person_id", how="left")
        .with_columns(pl.col("is_participant").fill_null(False))
        .with_columns(
            per_adult=1 / pl.len().over("household_id", "month"),
            per_participant=1 / pl.col("is_participant").sum().over("household_id", "month"),
        )
        .filter("is_participant")
    )
    per_adult, per_participant = pl.col("per_adult").mean(), pl.col("per_participant").mean()
    n_people = pl.col("person_id").filter(pl.col("per_adult") < 1).n_unique()
    shares = months.select(
        person=per_adult,
        other_household=per_participant - per_adult,
        other_participants=1 - per_participant,
        n_people=n_people,
    )
    row = shares.collect().row(0, named=True)
    return None if row["person"] is None else HouseholdParts(**row)


def rounded_parts(parts: HouseholdParts) -> HouseholdParts:
    """The parts in a step that one couple does not move, as prices are public."""
    step = step_above(1 / parts.n_people)
    person, other = (float(to_step(part, step)) for part in (parts.person, parts.other_household))
    return HouseholdParts(person, other, round(1 - person - other, 9), parts.n_people)


def with_household_parts(book: PriceBook, parts: HouseholdParts) -> PriceBook:
    """The book with its declared split (`appraisal.household_split`) replaced by the measured one;
    a book without a split stays as it is.
    """
    values = {key: getattr(parts, name) for name, key in book.appraisal.household_split.items()}
    source = {language: words(language).text("price_source.households") for language in languages()}
    prices = [
        record.model_copy(update={"value": values[record.key], "source": source, "grade": "M"})
        if record.key in values
        else record
        for record in book.prices
    ]
    return declare_price_book(
        book.model_dump() | {"prices": [record.model_dump() for record in prices]}, where=book.file
    )
