"""A page of a researcher's own: gate 2 is its door, and it fetches nothing."""

import re
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from evalkit import report, survival
from evalkit.disclosure import protect_estimates
from evalkit.errors import DisclosureError, EstimationError, ParameterError

WITHHELD = 0.98765


@pytest.fixture
def curve():
    rng = np.random.default_rng(1)
    spells = pl.DataFrame(
        {
            "months": rng.geometric(0.15, 400).clip(1, 24),
            "ended": rng.random(400) < 0.8,
            "group": rng.choice(["a", "b"], 400),
        }
    )
    return survival.kaplan_meier(spells, time="months", event="ended", by=["group"])


@pytest.fixture
def means():
    return pl.DataFrame(
        {
            "group": ["women", "men", "others"],
            "n_persons": [210, 187, 3],
            "estimate": [6.1, 5.9, WITHHELD],
            "ci_lower": [5.2, 4.9, WITHHELD],
            "ci_upper": [7.0, 6.8, WITHHELD],
        }
    )


def _page(items, tmp_path, **more):
    return report.page(items, out=tmp_path / "own.html", **more).read_text(encoding="utf-8")


def test_a_page_holds_texts_headings_and_pictures_with_their_tables(curve, means, tmp_path):
    html = _page(
        ["Found in <made-up> data.", "# Leaving", curve, ("Mean months", means)],
        tmp_path,
        title="My register",
    )

    assert "<title>My register</title>" in html and "<h2>Leaving</h2>" in html
    assert "Found in &lt;made-up&gt; data." in html
    assert html.count("<svg role=") == 2
    assert html.count("Show the numbers behind the picture") == 2
    assert "<figcaption>Mean months</figcaption>" in html
    assert "Not for release" not in html


def test_a_curve_is_straight_between_the_months_that_are_shown(curve, tmp_path):
    html = _page([curve], tmp_path)

    # The band goes out along its upper limit and back along the lower: it turns once, and a step
    # would turn at each month.
    band = re.search(r'<path d="(M[^"]*)Z" fill="#', html)[1]
    across = [point.split(",")[0] for point in re.split("[ML]", band)[1:]]
    assert sum(one == following for one, following in pairwise(across)) == 1


def test_a_page_writes_what_a_zero_of_people_stands_for(tmp_path):
    counted = pl.DataFrame({"age": [0, 1], "n_persons": [46, 12], "parents": [23, 1]})

    html = _page([counted], tmp_path)

    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", html)
    assert cells[-6:] == ["0", "45", "25", "1", "10", "0–2"]
    assert html.count("0–2 means none, one or two.") == 1


def test_a_page_fetches_nothing(curve, tmp_path):
    html = _page([curve], tmp_path)

    assert "default-src 'none'" in html
    outside = re.findall(r"https?://[^\s\"'<>]+", html)
    assert {address for address in outside if "w3.org" not in address} == set()


def test_what_rests_on_few_is_neither_written_nor_drawn(means, tmp_path):
    html = _page([means], tmp_path)

    assert "0.988" not in html and "0.987" not in html
    assert html.count("not shown") >= 4
    svg = html[html.index("<svg role=") : html.index("</svg>")]
    assert "women" in svg and "others" not in svg
    assert "Values withheld: 4." in html


def test_a_table_of_a_run_stands_with_its_charts(tmp_path):
    balance = protect_estimates(
        pl.DataFrame(
            {
                "district": ["all"] * 2,
                "intervention_id": ["course"] * 2,
                "covariate": ["age", "sex"],
                "smd_before": [0.3, -0.2],
                "smd_after": [0.05, 0.01],
                "n_starters": [50, 50],
            }
        ),
        name="balance",
        keys=["district", "intervention_id", "covariate"],
        values=["smd_before", "smd_after"],
        n_persons="n_starters",
        unit="standard deviations",
        source="made up",
        grade="M",
    )

    html = _page([balance], tmp_path)

    assert html.count("<svg role=") == 1
    assert "Smd before" in html and "made up. Source" in html


def test_a_page_speaks_the_language_asked_for(means, tmp_path):
    html = _page([means], tmp_path, language="sv")

    assert '<html lang="sv">' in html and "Egna resultat" in html and "visas inte" in html


def test_the_same_items_give_the_same_bytes(curve, means, tmp_path):
    assert _page([curve, means], tmp_path) == _page([curve, means], tmp_path)


def test_a_picture_that_has_not_passed_is_refused(curve, tmp_path):
    for picture in (survival.plot(curve), survival.plot(curve).live):
        with pytest.raises(DisclosureError) as refused:
            _page(["A text", picture], tmp_path)

        what, where, _, fix = str(refused.value).splitlines()
        assert what.startswith("A picture that has not passed disclosure control")
        assert where.startswith("  where: item 2 of report.page")
        assert "hand over its table" in fix
        assert not (tmp_path / "own.html").exists()


def test_a_fit_without_persons_is_refused(tmp_path):
    spells = pl.DataFrame(
        {"months": [1, 2, 3, 4], "ended": [True, True, False, True], "x": [1, 0, 1, 0]}
    )
    fit = survival.cox(spells, time="months", event="ended", covariates=["x"])

    with pytest.raises(DisclosureError, match="how many persons it rests on"):
        _page([fit], tmp_path)


@pytest.mark.parametrize("items", [[], "a text", [3], [{"a": 1}], [("caption", 3)]])
def test_what_cannot_stand_in_a_page_is_refused(items, tmp_path):
    with pytest.raises((ParameterError, EstimationError)) as refused:
        _page(items, tmp_path)

    assert len(str(refused.value).splitlines()) == 4


def test_tables_of_pandas_stand_in_a_page_as_those_of_polars(means, tmp_path):
    assert _page([means.to_pandas()], tmp_path) == _page([means], tmp_path)


def test_a_place_that_cannot_be_written_is_refused_and_nothing_is_left(means, tmp_path):
    with pytest.raises(ParameterError, match="It is a folder"):
        report.page([means], out=tmp_path)

    assert list(tmp_path.iterdir()) == []
