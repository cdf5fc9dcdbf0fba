"""Before and after the date of a law, by hand and in a population whose change is known."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from evalkit.errors import ParameterError
from evalkit.line.calendar import compared_breaks
from evalkit.months import add_months
from evalkit.params import Run, RunFile
from evalkit.records import load
from evalkit.run_rules import BeforeAfter
from evalkit.spells import before_after

PARAMS = Path(__file__).parents[2] / "params"
FIRST = date(1993, 7, 1)  # the run of Northern Ireland: 72 months
CALENDAR = """
file: made_up
title: {en: Made up, sv: Påhittat}
breaks:
  - {key: act, month: 1996-07, title: {en: Act, sv: Lag}, status: in_force, source: none, grade: L}
  - {key: late, month: 1999-01, title: {en: Late, sv: Sen}, status: decided, source: none, grade: L}
"""


@pytest.fixture
def run_of(tmp_path):
    """The run of Northern Ireland, comparing before and after some breaks."""

    def make(*keys: str, **rules) -> Run:
        path = tmp_path / "calendar.yaml"
        path.write_text(CALENDAR, encoding="utf-8")
        params = load(PARAMS / "northern_ireland.yaml", RunFile)
        declared = tuple(BeforeAfter(**({"at": key} | rules)) for key in keys)
        return Run(
            run_dir=tmp_path,
            run_file=PARAMS / "northern_ireland.yaml",
            params=params.model_copy(
                update={
                    "effects": params.effects.model_copy(update={"calendar": path}),
                    "survival": params.survival.model_copy(update={"before_after": declared}),
                }
            ),
        )

    return make


def _spells(*rows: tuple[str, int, int]) -> pl.DataFrame:
    """Spells in one district: person, first month and the month after the last one, of which the
    extract's first is 1.
    """
    return pl.DataFrame(
        [
            (who, who[:1], "North", add_months(FIRST, first - 1), add_months(FIRST, stop - 1), True)
            for who, first, stop in rows
        ],
        schema=["person_id", "cluster_id", "district", "start", "end", "is_start_known"],
        orient="row",
    )


def test_before_and_after_by_hand(run_of):
    """The act holds from month 37 on. Who began in month 34 has been on support for three months
    when month 37 begins, who began in month 22 a year before.

    Of months 37 to 39 a is without support in 3 and b in 1 (it left and came back), c in 0; of
    months 25 to 27 d is in 0 and e in 1. f left after two months, g began a month too late for a
    cohort of one month. Each year's people stand apart from their mean by 5/3, -1/3, -4/3 (over 3)
    and by -1/2, 1/2 (over 2).
    """
    spells = _spells(
        *(("a", 34, 37), ("b", 34, 38), ("b", 39, 60), ("c", 34, 70)),
        *(("d", 22, 30), ("e", 22, 27), ("f", 34, 36), ("g", 35, 40)),
    )
    run = run_of("act", cohort_months=1, follow_up_months=3)

    found = before_after(spells, run)

    row = found.filter(district="North", measure="change").row(0, named=True)
    assert (row["after"], row["before"]) == pytest.approx((4 / 3, 1 / 2))
    assert row["difference"] == pytest.approx(5 / 6)
    assert row["n_fewest"] == 2
    spread = (25 / 9 + 1 / 9 + 16 / 9) / 9 + (1 / 4 + 1 / 4) / 4
    assert row["ci_upper"] - row["difference"] == pytest.approx(1.959964 * spread**0.5)
    assert set(found["district"]) == {"North", "all"}


def test_people_of_one_household_vary_together(run_of):
    """Two who lived together and did alike make one, and the range is as wide as theirs."""
    rows = [("a1", 34, 37), ("b1", 34, 70), ("c1", 22, 30), ("d1", 22, 26)]
    twice = [*rows, *((f"{who[:1]}2", first, stop) for who, first, stop in rows)]
    run = run_of("act", cohort_months=1, follow_up_months=3)

    once, doubled = (before_after(_spells(*people), run) for people in (rows, twice))

    assert once.drop("n_fewest").equals(doubled.drop("n_fewest"))


def test_a_known_change_is_found_and_a_year_earlier_there_is_none(run_of):
    """Twenty populations: support ends with 10 % a month, from month 37 on with 18 %."""
    rng, run = np.random.default_rng(12), run_of("act")
    found = []
    for _ in range(20):
        starts = rng.integers(10, 45, size=1500)
        rows = []
        for number, start in enumerate(starts):
            month = int(start) + 1
            while month < 72 and rng.random() > (0.18 if month >= 37 else 0.10):
                month += 1
            rows.append((f"{number:05d}", int(start), month))
        spells = _spells(*rows).with_columns(cluster_id="person_id")
        found.append(before_after(spells, run).filter(district="all"))

    # Of six months, each after the duration, a share stays: the sum of 1 - (1 - p)^k.
    expected = sum((0.9**k) - (0.82**k) for k in range(1, 7))
    for measure, truth in (("change", expected), ("change_year_before", 0.0)):
        estimates = pl.concat(found).filter(measure=measure)
        error = estimates["difference"].mean() - truth
        monte_carlo = estimates["difference"].std() / 20**0.5
        assert abs(error) < 3 * monte_carlo
        covered = estimates.select(
            (pl.col("ci_lower") <= truth) & (truth <= pl.col("ci_upper"))
        ).to_series()
        assert covered.sum() >= 16


def test_what_the_extract_does_not_reach_has_no_row(run_of):
    spells = _spells(("a", 34, 37), ("b", 22, 30))

    assert before_after(spells, run_of("late")).is_empty()
    assert before_after(spells, run_of()).is_empty()


@pytest.mark.parametrize(
    ("keys", "where"), [(("akt",), 'did you mean "act"'), (("act", "act"), "act (twice)")]
)
def test_a_break_that_cannot_be_compared_is_refused(run_of, keys, where):
    with pytest.raises(ParameterError) as caught:
        compared_breaks(run_of(*keys))

    lines = str(caught.value).split("\n")
    assert where in lines[1] and "survival.before_after" in lines[1]
    assert "effects.calendar" in lines[3]


def test_the_year_before_must_end_before_the_break():
    with pytest.raises(ValidationError, match="at most 13"):
        BeforeAfter(at="act", cohort_months=8, follow_up_months=6)
