"""A way out that at most two people have taken is not there, whether they are none, one or two: not
in a key figure, a sentence or a table; one that few have taken is.
"""

import re
from html import unescape

import polars as pl
import pytest

from evalkit.disclosure import protected
from evalkit.report.site import write_district_page


def _curves(run, events: dict[str, list[int]]):
    """Curves of a hundred people from exits by month."""
    rows = [
        ("Norr", exit_, month, sum(numbers[:month]) / 100, 90, 100)
        for exit_, numbers in events.items()
        for month in range(len(numbers) + 1)
    ]
    columns = ["district", "exit", "month", "estimate", "n_at_risk", "n_persons"]
    table = pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        ci_lower=(pl.col("estimate") - 0.02).clip(0), ci_upper=pl.col("estimate") + 0.02
    )
    return protected(table, "exit_curves", run, district="Norr")


@pytest.mark.parametrize("n_training", [0, 1, 2])
def test_an_exit_of_four_is_told_and_one_of_up_to_two_is_not(
    run, tables, figures, words, n_training
):
    curves = _curves(
        run,
        {
            "work": [20, *[1] * 23],
            "training": [0, n_training, *[0] * 22],
            "studies": [0, 0, 4, *[0] * 21],
        },
    )

    html = write_district_page(
        run, "Norr", {**tables, "exit_curves-norr": curves}, figures, words
    ).read_text(encoding="utf-8")
    section = re.search(r'<section[^>]*"stay"[^>]*>.*?</section>', html, flags=re.DOTALL)[0]
    shown = unescape(re.sub(r"<[^>]+>", "", section))

    key_figures = re.findall(
        r'data-table="exit_curves-norr"[^>]*data-col="estimate"[^>]*data-form="percent:0"[^>]*>([^<]*)<',
        section,
    )
    assert words.text("stay.to", exit=words.text("training")) not in shown
    assert words.text("stay.to", exit=words.text("studies")) in shown
    assert words.percent(0.05) in key_figures
