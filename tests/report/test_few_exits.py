"""An exit that few have taken is told as withheld, never as none: not in a key figure, a sentence
or a table.
"""

import re
from html import unescape

import polars as pl

from evalkit.disclosure import protect_curve
from evalkit.report.site import write_district_page

ABOUT = {"unit": "share", "source": "made up", "grade": "M"}


def _curves(events: dict[str, list[int]]):
    """Curves of a hundred periods from events by month."""
    rows = []
    for exit_, numbers in events.items():
        for month, count in enumerate([0, *numbers]):
            share = sum(numbers[:month]) / 100
            rows.append(
                ("Norr", exit_, month, share, 0.01, max(0.0, share - 0.02), share + 0.02, 90, count)
            )
    columns = [
        "district",
        "exit",
        "month",
        "estimate",
        "std_error",
        "ci_lower",
        "ci_upper",
        "n_at_risk",
        "n_events",
    ]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    return protect_curve(
        table, name="exit_curves-norr", by=["district"], time="month", cause="exit", **ABOUT
    )


def test_an_exit_of_four_is_named_as_withheld_and_one_of_none_is_none(run, tables, figures, words):
    curves = _curves(
        {"work": [20, *[1] * 23], "training": [0, 0, 4, *[0] * 21], "studies": [0] * 24}
    )

    html = write_district_page(
        run, "Norr", {**tables, "exit_curves-norr": curves}, figures, words
    ).read_text(encoding="utf-8")
    section = re.search(r'<section[^>]*"stay"[^>]*>.*?</section>', html, flags=re.DOTALL)[0]
    shown = unescape(re.sub(r"<[^>]+>", "", section))

    assert words.text("stay.few", exits=words.text("training"), min_count=5) in shown
    key_figures = re.findall(
        r'data-table="exit_curves-norr"[^>]*data-col="estimate"[^>]*data-form="percent:0"[^>]*>([^<]*)<',
        section,
    )
    assert words.text("stay.to", exit=words.text("training")) not in shown
    assert (
        words.text("stay.to", exit=words.text("studies")) in shown
        and words.percent(0) in key_figures
    )
