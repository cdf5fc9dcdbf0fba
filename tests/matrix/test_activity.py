"""From files to pages where a law changes what is compared: a break in the calendar within the
follow-up, and a city in which from some month on everybody is assigned something.
"""

from datetime import date
from pathlib import Path

import line
import polars as pl
import pytest
import small_city as small
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
# Of fewer than twenty who reach a duration, no comparison is shown.
N_PEOPLE = 1_500
CALENDAR = """
file: made_up
title: {en: Made up, sv: Påhittat}
breaks:
  - key: requirement
    month: 2015-06
    title: {en: Everybody is assigned something, sv: Alla anvisas något}
    status: in_force
    source: none
    grade: L
  - {key: cap, month: 2016-09, title: {en: Cap, sv: Tak}, status: decided, source: none, grade: L}
  - {key: far, month: 2021-10, title: {en: Far, sv: Sen}, status: decided, source: none, grade: L}
"""
TEMPLATES = small.ROOT / "params" / "protocols" / "templates"
NBSP = "\N{NO-BREAK SPACE}"


def _assign_everybody(city: Path, *, start: date) -> None:
    """Everybody is in one more intervention from a day on, and stays in it."""
    path = city / "participation.parquet"
    participation = pl.read_parquet(path)
    assigned = pl.read_parquet(city / "person.parquet").select(
        "person_id", intervention_id=pl.lit("assigned"), start=pl.lit(start)
    )
    pl.concat([participation, assigned], how="diagonal").write_parquet(path)
    intervention = city / "intervention.csv"
    known = intervention.read_text(encoding="utf-8").rstrip("\n")
    intervention.write_text(f"{known}\nassigned,Anvisad,coaching,4,4,,,\n", encoding="utf-8")


def _plan_hours(city: Path) -> None:
    """Plans of 20, 30 or 40 hours a week from before the first trials; starts of 10 or 30 hours."""
    number = pl.int_range(pl.len())
    pl.read_parquet(city / "person.parquet").select(
        "person_id",
        start=pl.lit(date(2012, 6, 1)),
        end=pl.lit(None, pl.Date),
        weekly_target_hours=20.0 + 10 * (number % 3),
        target_reason=pl.lit("other_efforts"),
    ).write_parquet(city / "activity_plan.parquet")
    path = city / "participation.parquet"
    participation = pl.read_parquet(path)
    participation.with_columns(hours_per_week=10.0 + 20 * (number % 2)).write_parquet(path)


@pytest.mark.parametrize(
    ("name", "compared"),
    [("head_to_head", "språkpraktik"), ("dose_hours", "med färre än 20 timmar i veckan")],
)
def test_a_template_reaches_its_page(tmp_path, name, compared):
    """The shipped text with interventions and months of the small city; few people, so that its
    limits are lowered.
    """
    # As many as an effect needs in both arms.
    small.write_small_city(tmp_path / "city", small.DISTRICTS, n_people=3 * small.N_PEOPLE)
    _plan_hours(tmp_path / "city")
    template = yaml.safe_load((TEMPLATES / f"{name}.yaml").read_text(encoding="utf-8"))
    protocol = template | {
        "intervention_id": "jobbtorg_coaching",
        "eligibility": template["eligibility"] | {"from_month": 26, "to_month": 73},
        "refusal": {"min_starters": 1, "min_effective_sample_size": 1, "max_abs_smd": 9},
    }
    protocol |= {key: "language_practice" for key in ("other_intervention_id",) if key in template}
    asked = {
        "districts": list(small.DISTRICTS),
        "wording": {"value.language_practice": {"sv": "språkpraktik", "en": "language practice"}},
    }

    run = line.run_line(
        small.write_run(tmp_path, asked, [protocol], city=tmp_path / "city"), out=tmp_path / "runs"
    )

    status = pl.read_parquet(run.run_dir / "published" / "effect_status.parquet")
    assert status.filter(district="all")["effect_state"].to_list() == ["estimated"]
    page = run.run_dir / "site" / "sv" / "interventions" / "jobbtorg-coaching.html"
    assert compared in page.read_text(encoding="utf-8")


def test_pages_say_from_which_month_nobody_is_left_and_which_breaks_are_crossed(tmp_path):
    small.write_small_city(tmp_path / "city", small.DISTRICTS[:1], n_people=N_PEOPLE)
    _assign_everybody(tmp_path / "city", start=date(2015, 6, 1))
    (tmp_path / "calendar.yaml").write_text(CALENDAR, encoding="utf-8")
    asked = {
        "districts": list(small.DISTRICTS[:1]),
        "effects": {"calendar": "calendar.yaml"},
        "survival": {"before_after": [{"at": "requirement"}, {"at": "far"}]},
    }
    protocol = small.PROTOCOL | {
        "calendar": {"breaks": ["requirement"]},
        "refusal": {"min_starters": 1, "min_effective_sample_size": 1},
    }

    run = line.run_line(
        small.write_run(tmp_path, asked, [protocol], city=tmp_path / "city"), out=tmp_path / "runs"
    )

    status = pl.read_parquet(run.run_dir / "published" / "effect_status.parquet")
    assert set(status["reason"]) == {"run_dry"}
    site = run.run_dir / "site" / "sv"
    evidence = (site / "interventions/jobbtorg-coaching.html").read_text(encoding="utf-8")
    assert f"Från och med juni{NBSP}2015 finns ingen kvar att jämföra med" in evidence
    method = (site / "about/method.html").read_text(encoding="utf-8")
    assert f"från juni{NBSP}2015: alla anvisas något (ett eget steg i modellerna)" in method
    assert f"från september{NBSP}2016: tak (inom uppföljningen" in method
    city = (site / "evidence/all.html").read_text(encoding="utf-8")
    assert f"Från juni{NBSP}2015: alla anvisas något. De som nått 3 månader" in city
    # Months 118 to 123 and five more, and two in which a gap may still turn out to be none.
    assert f"underlaget måste nå oktober{NBSP}2022" in city
