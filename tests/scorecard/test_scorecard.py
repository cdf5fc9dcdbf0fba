"""The scorecard's readings, rules and page. The two experiments that come as files are not in the
repository: made files of the same columns prove how they are read.
"""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.scorecard import data, page
from benchmarks.scorecard.card import Card, bonus, men_beside, ranking, sites
from benchmarks.scorecard.data import People
from benchmarks.scorecard.estimates import (
    Answer,
    Reading,
    answer,
    experiment,
    experiment_of_takers,
)
from benchmarks.scorecard.studies import drawn_studies
from benchmarks.scorecard.verdicts import judged, judged_drawn
from evalkit.errors import ParameterError

EXACT = 1e-9
PSID = Path(__file__).parents[1] / "published/lalonde_psid/nsw_treated_psid_controls.csv"


def _people(n, seed, *, covariates=("x", "z"), effect=2.0):
    """An experiment: the outcome follows two covariates, the offer is drawn."""
    rng = np.random.default_rng(seed)
    x, treated = rng.normal(size=(n, 2)), rng.random(n) < 0.5
    rows = pl.DataFrame({"person": np.arange(n), "treated": treated, "x": x[:, 0], "z": x[:, 1]})
    outcome = 3 * x[:, 0] + x[:, 1] + effect * treated + rng.normal(size=n)
    return People(rows.with_columns(outcome=pl.Series(outcome)), covariates)


def _reading(value, parts):
    return Reading(value, np.array(sorted(parts)), np.array([parts[who] for who in sorted(parts)]))


def _said(plain, second=None, refused=None):
    return Answer(plain, second, None, refused, 50.0)


def test_an_experiment_is_two_means_and_the_error_of_their_difference():
    rows = pl.DataFrame(
        {"person": [4, 1, 3, 2], "treated": [True, False, True, False], "outcome": [5.0, 1, 9, 2]}
    )

    found = experiment(People(rows, ()))

    # Means 7 and 1.5; variances 8 and 0.5 of two people each.
    assert found.value == pytest.approx(5.5)
    assert found.error == pytest.approx(np.sqrt(8 / 2 + 0.5 / 2))


def test_the_effect_on_takers_is_the_offers_over_the_share_that_takes_it():
    rows = pl.DataFrame(
        {
            "person": range(8),
            "treated": [True] * 4 + [False] * 4,
            "took": [True, True, False, False] + [False] * 4,
            "outcome": [6.0, 4, 2, 0, 1, 1, 0, 2],
        }
    )

    found = experiment_of_takers(People(rows, ()), taken="took")

    assert found.value == pytest.approx((3 - 1) / 0.5)


def test_who_stands_in_both_readings_counts_once():
    """Persons 1 and 2 have the same part in both; what is left are persons 3 and 4."""
    one, other = _reading(5.0, {1: 1.0, 2: -1.0, 3: 3.0}), _reading(2.0, {1: 1.0, 2: -1.0, 4: 4.0})

    assert one.less(other) == pytest.approx((3.0, 5.0))
    assert one.less(one) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("said", "verdict", "why"),
    [
        (_said(_reading(1.0, {1: 1.0})), "compatible", "the plain range holds"),
        (_said(_reading(9.0, {1: 1.0})), "not", "outside the plain range, beyond both errors"),
        (_said(_reading(5.0, {1: 1.0})), "compatible", "within both errors"),
        # The same person in both: no error lies between them, and yet the range holds the other.
        (_said(_reading(3.0, {2: 2.0})), "compatible", "the plain range holds"),
        (_said(_reading(9.0, {1: 1.0}), _reading(-1.0, {1: 1.0})), "compatible", "the span holds"),
        (_said(_reading(-9.0, {1: 1.0})), "not", "opposite sign"),
        (_said(_reading(2.0, {1: 1.0}), refused="few_comparable"), "refused", "50 of equal weight"),
    ],
)
def test_verdicts_follow_the_declared_rule(said, verdict, why):
    """The experiment says 2, with an error of 2."""
    found = judged(said, _reading(2.0, {2: 2.0}))

    assert (found.verdict, why in found.why) == (verdict, True)


def test_the_span_ofmen_beside_the_cps_holds_the_experiment():
    row = men_beside(data.nsw(), data.cps(), "NSW beside the CPS", "cps", with_trees=False)

    assert row.experiment == pytest.approx(1794.34, abs=0.01)
    assert row.experiment_error == pytest.approx(671.0, abs=0.1)
    assert row.span_lower < row.experiment < row.span_upper
    assert row.verdict == "compatible"


def testmen_beside_the_psid_are_refused():
    """2 490 men whose weights are worth a dozen."""
    table = pl.read_csv(PSID).with_row_index("person")
    people = People(
        table.select(
            pl.col("person").cast(pl.Int64),
            pl.exclude("person", "treat", "re78").cast(pl.Float64),
            treated=pl.col("treat") == 1,
            outcome="re78",
        ),
        ("age", "educ", "black", "hisp", "married", "nodegree", "re74", "re75"),
        ("re74", "re75"),
        "re74",
    )

    said = answer(people, with_trees=False)

    assert said.refused == "few_comparable"
    assert said.effective < 15


def test_trees_stand_beside_the_plain_estimate():
    said = answer(_people(600, 3))

    value, error = said.trees
    assert abs(value - 2) < 4 * error


def test_drawn_studies_hold_the_truth_where_what_chose_is_measured_and_not_where_it_is_hidden():
    people, asked = _people(1_500, 1), {"chosen_by": ("x",), "seed": 2, "n_with_trees": 0}

    measured, hidden = (
        drawn_studies(people, is_hidden=is_hidden, n_studies=25, **asked)
        for is_hidden in (False, True)
    )

    assert measured.truth == pytest.approx(2, abs=0.3)
    assert measured.naive > measured.truth + 1
    assert measured.plain == pytest.approx(measured.truth, abs=0.3)
    assert (measured.plain_held > 0.8, hidden.plain_held) == (True, 0.0)
    assert judged_drawn(measured, is_hidden=False).verdict == "compatible"
    assert judged_drawn(hidden, is_hidden=True).verdict == "not"


def test_places_that_differ_by_chance_alone_are_not_ranked():
    alike, apart = [(1.0, 1.0), (2.0, 1.0), (1.5, 1.0)], [(1.0, 0.1), (2.0, 0.1)]

    assert ranking(alike).endswith("Q = 0.5 on 2 degrees of freedom (p = 0.78): nothing to rank.")
    assert ranking(apart).endswith("sites differ.")


def _files(folder):
    """Files of the columns of the two experiments, filled by chance."""
    rng = np.random.default_rng(8)
    n = 400
    for name, columns in data.COLUMNS.items():
        table = {column: rng.integers(0, 2, n) for column in columns}
        if name == "jtpa":
            table |= {"site": rng.choice(["AA", "BB"], n), "age": rng.integers(20, 60, n)}
            table |= {key: rng.integers(0, 9_000, n) for key in ("earnings", "earnings_before")}
        else:
            table["arm"] = rng.integers(0, 7, n)
            table |= {"weeks_first_spell": rng.integers(1, 53, n)}
        pl.DataFrame(table | {"person_id": np.arange(n)}).write_csv(folder / data.FILES[name])
    return folder


def test_the_files_are_read_and_a_week_off_benefit_is_a_week_off_benefit(tmp_path):
    folder = _files(tmp_path)
    file = pl.read_csv(folder / "pennsylvania_bonus.csv")
    own = file.filter(pl.col("arm").is_in([0, 4, 6]))
    weeks = dict(
        own.group_by(pl.col("arm") > 0).agg(pl.col("weeks_first_spell").mean()).iter_rows()
    )

    people = data.pennsylvania(folder)
    row = next(bonus(people, with_trees=False))

    assert row.experiment == pytest.approx(weeks[False] - weeks[True], abs=EXACT)
    assert f"trials give {row.experiment:.3f}" in row.why
    assert "e-1" in row.why  # how far the line's difference is from the file's


def test_sites_stand_beside_other_sites(tmp_path):
    rows, note = sites(data.jtpa(_files(tmp_path)))

    assert [row.name[:12] for row in rows] == ["JTPA, site A", "JTPA, site B"]
    assert rows[0].n_treated + rows[1].n_comparison < 400
    assert note.startswith("JTPA's 2 sites")


def test_a_file_without_its_columns_is_refused_in_four_lines(tmp_path):
    (tmp_path / data.FILES["jtpa"]).write_text("site,assigned\nAA,1\n")

    with pytest.raises(ParameterError, match="Columns are missing: earnings, ") as error:
        data.jtpa(tmp_path)

    assert [line.split(":")[0].strip() for line in str(error.value).splitlines()[1:]] == [
        "where",
        "why",
        "fix",
    ]


def test_the_page_and_the_short_version_tell_every_row_and_its_source(tmp_path):
    row = men_beside(data.nsw(), data.cps(), "NSW beside the CPS", "cps", with_trees=False)
    card, docs = Card([row], ["A note."]), tmp_path / "scorecard.md"

    page.write(card, out=tmp_path / "card", docs=docs, made=date(2026, 1, 2))

    html = (tmp_path / "card/index.html").read_text(encoding="utf-8")
    written = pl.read_csv(tmp_path / "card/scorecard.csv").row(0, named=True)
    assert (row.name in html, "cps_mixtape" in html, "1,794 (671)" in html) == (True, True, True)
    assert written["plain"] == pytest.approx(row.plain)
    assert "**compatible**" in docs.read_text(encoding="utf-8")
    assert "A note." in docs.read_text(encoding="utf-8")
