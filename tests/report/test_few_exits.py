"""A way out that one or two have taken is not told of; one that a few have taken stands with a
share of five of them.
"""

import re
from html import unescape

import polars as pl

from evalkit.disclosure import protect_curve
from evalkit.report.site import write_district_page

ABOUT = {"unit": "share", "source": "made up", "grade": "M"}


def _curves(exits: dict[str, int]):
    """Curves of a hundred periods, of which so many had ended in each way by month 3."""
    rows = [
        ("Norr", name, month, n / 100 * (month > 2), max(0.0, (n - 2) / 100), (n + 2) / 100)
        for name, n in exits.items()
        for month in range(25)
    ]
    columns = ["district", "exit", "month", "estimate", "ci_lower", "ci_upper"]
    return protect_curve(
        pl.DataFrame(rows, schema=columns, orient="row").with_columns(n_persons=pl.lit(100)),
        name="exit_curves-norr",
        by=["district", "exit"],
        time="month",
        n_persons="n_persons",
        parts="exit",
        **ABOUT,
    )


def test_a_way_out_of_two_is_not_told_and_one_of_four_is_five_in_a_hundred(
    run, tables, figures, words
):
    curves = _curves({"work": 43, "training": 4, "studies": 2})

    html = write_district_page(
        run, "Norr", {**tables, "exit_curves-norr": curves}, figures, words
    ).read_text(encoding="utf-8")

    section = re.search(r'<section[^>]*"stay"[^>]*>.*?</section>', html, flags=re.DOTALL)[0]
    figures_shown = re.findall(
        r'data-table="exit_curves-norr"[^>]*data-col="estimate"[^>]*>([^<]*)<[^<]*<[^<]*<'
        r'span class="label">([^<]*)<',
        section,
    )
    told = {unescape(label).replace("\xad", ""): number for number, label in figures_shown}
    assert told == {
        words.text("stay.to", exit=words.text("work")): words.percent(0.45),
        words.text("stay.to", exit=words.text("training")): words.percent(0.05),
    }
