"""What sentences about values are made of: an intervention with its value to society, and how
amounts, sides and lists of interventions are written in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

from evalkit.report.decision.offered import Offered
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import RANGE, Form, Row
from evalkit.vocabulary import Band, band_of
from evalkit.words import money_digits

# Of more interventions than these, a sentence names the first.
MAX_NAMED = 4
GAINS: tuple[Band, ...] = ("yes", "probably")

Side = Literal["gains", "probably_gains", "unclear", "probably_loses", "loses"]
_SIDES: dict[Band, Side] = {
    "yes": "gains",
    "probably": "probably_gains",
    "unclear": "unclear",
    "probably_not": "probably_loses",
    "no": "loses",
}


@dataclass(frozen=True)
class Sentence:
    """A sentence: its finding, and what follows."""

    finding: Markup
    rest: Markup


@dataclass(frozen=True)
class Valued:
    """An intervention whose value to society is shown, with that row of value_parts."""

    one: Offered
    society: Row

    @property
    def band(self) -> Band:
        """What the probability that society gains is called."""
        return band_of(self.society["probability_positive"])


def side_of(band: Band) -> Side:
    """What a band says of somebody: that they gain, probably gain and so on."""
    return _SIDES[band]


def names_in_sentence(brief: Brief, names: Sequence[Markup | str]) -> Markup:
    """Interventions by name; of many the first, and that the table has more."""
    shown = [escape(name) for name in names]
    if len(shown) > MAX_NAMED:
        shown = [*shown[: MAX_NAMED - 1], escape(brief.words.text("answer.more"))]
    return brief.words.listing_html(shown)


def amount_form(row: Row, *columns: str) -> Form:
    """An amount in the row's currency, rounded with the others of these columns (the estimate and
    its range, unless said).
    """
    names = columns or ("estimate", *RANGE)
    return Form("money", money_digits(*(row.get(name) for name in names)), row["currency"])


def amount(brief: Brief, row: Row) -> Markup:
    """A row's estimate as an amount with its range in brackets, the currency said once."""
    form = amount_form(row)
    return brief.in_brackets(row, "estimate", form, ends_as=Form("number", form.digits))
