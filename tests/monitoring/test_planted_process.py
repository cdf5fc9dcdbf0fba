"""A city in which it is known who lacks which paper, was not followed up, and has no next step: all
of them are found and nobody else, exactly, before anything is rounded.
"""

from collections import Counter

import numpy as np
import polars as pl
import pytest

from evalkit.line.tables import table
from evalkit.monitoring import (
    PROCESS_TABLES,
    common_process,
    follow_ups_overdue,
    process_kept,
    worklist,
    worklist_size,
)
from evalkit.params import RunFile
from evalkit.shipped import shipped
from evalkit.simulate import live, load_city, person_tables
from evalkit.simulate.register.city_tables import city_tables
from evalkit.simulate.register.common_process import due_follow_ups, papers
from evalkit.spells import build_spells

N_PEOPLE = 1_600
SEEDS = [
    *(1, 2),
    *(pytest.param(seed, marks=[pytest.mark.prove, pytest.mark.slow]) for seed in range(3, 23)),
]
PLANS = ("work_plan", "implementation_plan")
LONGEST_GAP = 2


class Planted:
    """A simulated city: what it delivers, and what is true of each episode (counted in months from
    the first).
    """

    def __init__(self, seed: int):
        self.city = load_city("demo_city", shipped("params", "cities"))
        self.lives = live(self.city, seed=seed, first=0, stop=N_PEOPLE)
        self.n_months = self.city.n_months
        delivered = person_tables(self.city, self.lives) | city_tables(self.city, N_PEOPLE)
        self.params = RunFile.model_validate(
            {
                "run": "planted",
                "title": {"en": "Planted", "sv": "Planterad"},
                "districts": self.city.district_names,
                "seed": 1,
                "extract": {"folder": "none", "first_month": "2013-01", "data_through": "2021-12"},
            }
        )
        tables = {name: _as_admitted(name, one) for name, one in delivered.items()}
        self.spells = build_spells(tables, self.params)["support_spells"]
        self.process = common_process({name: tables[name] for name in PROCESS_TABLES}, self.params)
        self.episodes = self._episodes()

    def _episodes(self) -> pl.DataFrame:
        """Episodes as they were lived, with the district of their person."""
        kept = self.lives.episodes.filter(pl.col("end").is_null() | (pl.col("end") > 0))
        names = np.array(self.city.district_names)[self.lives.district[kept["row"].to_numpy(), 0]]
        roles = ["consultant" if one.is_job_centre else "case_worker" for one in self._offer]
        ids = [one.intervention_id for one in self._offer]
        return kept.with_columns(
            home=pl.Series(names),
            role=pl.Series(roles).gather(kept["item"].to_numpy()),
            intervention_id=pl.Series(ids).gather(kept["item"].to_numpy()),
            begun=pl.col("start") >= self.n_months - 12,
            number=pl.int_range(pl.len()),
        )

    @property
    def _offer(self):
        return self.city.interventions

    def person(self, row: int) -> str:
        return f"P{self.lives.people.number[row]:08d}"

    def due(self) -> pl.DataFrame:
        """Follow-ups while the episode runs; the last one that is due stands at a month before the
        end of what is known.
        """
        due = due_follow_ups(self.city, self.lives, self.episodes)
        return due.filter((pl.col("due") < pl.col("end")).fill_null(True))

    def running(self) -> pl.DataFrame:
        return self.episodes.filter((pl.col("end") >= self.n_months).fill_null(True))

    def on_support(self, row: int) -> np.ndarray:
        """By month, whether a person is on support: paid, in a short gap, or paid so lately that
        nobody knows whether it has ended.
        """
        paid = np.flatnonzero(self.lives.is_paid[row])
        on = np.zeros(self.n_months + 3, bool)
        for first, then in zip(paid, [*paid[1:], None][: len(paid)], strict=True):
            on[first] = True
            if then is not None and then - first - 1 <= LONGEST_GAP:
                on[first:then] = True
            if then is None and self.n_months - 1 - first <= LONGEST_GAP:
                on[first:] = True
        return on


def _as_admitted(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with all columns of the contract, as the intake hands them on."""
    schema = table(name).schema
    missing = [pl.lit(None, kind).alias(c) for c, kind in schema.items() if c not in rows.columns]
    whole = rows.with_columns(missing)
    return whole.with_columns(pl.col(c).cast(kind) for c, kind in schema.items())


@pytest.fixture(scope="module", params=SEEDS)
def planted(request):
    return Planted(request.param)


def _by_district(rows: pl.DataFrame, column: str) -> dict[str, tuple[int, int]]:
    """By district, how many rows there are and of how many a column is true."""
    counted = rows.group_by("home").agg(pl.len(), pl.col(column).sum().alias("yes"))
    return {home: (n, yes) for home, n, yes in counted.iter_rows()}


def _found(planted: Planted, measure: str) -> dict[str, tuple[int, int]]:
    kept = process_kept(planted.process, planted.spells).filter(
        pl.col("measure") == measure, pl.col("district") != "all"
    )
    answers = kept.pivot(on="answer", index="district", values="n_episodes")
    rows = answers.select("district", "all", "yes").rows()
    return {name: (n, yes) for name, n, yes in rows if n}


@pytest.mark.parametrize("kind", ["assignment", "work_plan", "implementation_plan", "decision"])
def test_each_paper_is_counted_as_it_was_written(planted, kind):
    drawn = papers(planted.city, planted.lives, planted.episodes.filter("begun"))

    assert _found(planted, kind) == _by_district(drawn.filter(kind=kind), "is_written")


def test_whole_plans_are_counted_as_they_were_written(planted):
    drawn = papers(planted.city, planted.lives, planted.episodes.filter("begun"))
    is_plan = pl.col("is_written") & pl.col("kind").is_in(PLANS)
    says_all = pl.all_horizontal(pl.col("^has_.*$") == 1)
    of_episode = drawn.group_by("number", "home").agg(
        plan=is_plan.any(), complete=(is_plan & says_all).any()
    )

    assert _found(planted, "plan") == _by_district(of_episode, "plan")
    assert _found(planted, "complete_plan") == _by_district(of_episode, "complete")


def test_follow_ups_are_counted_as_they_were_made(planted):
    due = planted.due().filter("begun")

    assert _found(planted, "follow_ups") == _by_district(due, "is_done")
    first = due.filter(pl.col("due") == pl.col("start") + 1)
    assert _found(planted, "first_follow_up") == _by_district(first, "is_done")


def test_the_district_that_does_not_keep_the_process_stands_out(planted):
    """Of all years, in which every district has hundreds of follow-ups but the smallest."""
    homes = planted.process.episodes.select("episode", "district")
    shares = dict(
        planted.process.due.join(homes, on="episode")
        .group_by("district")
        .agg(pl.mean("is_kept"))
        .filter(pl.col("district") != "Hamnen")
        .iter_rows()
    )

    low = shares.pop("Österby")

    assert low < 0.5 and min(shares.values()) > 0.7


def test_a_next_step_is_counted_as_it_was_taken(planted):
    """Within two months of the end: in another intervention, or off support."""
    asked = planted.episodes.filter("begun", pl.col("end") + 2 < planted.n_months)
    others = planted.episodes.select("row", "start", "end", "number").rows()
    lived: dict[int, list[tuple]] = {}
    for row, *other in others:
        lived.setdefault(row, []).append(tuple(other))
    has_step = [
        any(
            other != number and begins <= end + 2 and (ends is None or ends > end)
            for begins, ends, other in lived[row]
        )
        or not planted.on_support(row)[end + 2]
        for row, end, number in asked.select("row", "end", "number").rows()
    ]

    truth = _by_district(
        asked.with_columns(has_step=pl.Series(has_step, dtype=pl.Boolean)), "has_step"
    )

    assert _found(planted, "went_on") == truth


def _overdue(planted: Planted) -> pl.DataFrame:
    """Running episodes of which the last follow-up that was due was not made."""
    running = planted.due().join(planted.running().select("number"), on="number")
    return (
        running.sort("due")
        .group_by("number")
        .agg(pl.last("row"), pl.last("home"), pl.last("role"), is_overdue=~pl.last("is_done"))
    )


def test_overdue_follow_ups_are_found_by_role(planted):
    people = _overdue(planted).group_by("home", "role", "row").agg(pl.col("is_overdue").any())
    truth = people.group_by("home", "role").agg(n=pl.len(), yes=pl.col("is_overdue").sum())

    found = follow_ups_overdue(planted.process).filter(
        pl.col("district") != "all", pl.col("responsible_role") != "all", pl.col("n_whole") > 0
    )

    by_answer = found.pivot(on="answer", index=["district", "responsible_role"], values="n_persons")
    columns = ["district", "responsible_role", "all", "yes"]
    assert sorted(by_answer.select(columns).rows()) == sorted(truth.rows())


def _listed(planted: Planted, reason: str) -> list[tuple[str, str, str]]:
    rows = worklist(planted.process, planted.spells, table("effect_moments").empty())
    columns = ("district", "person_id", "intervention_id")
    return sorted(rows.filter(reason=reason).select(columns).rows())


def test_the_list_names_everybody_who_is_overdue_and_nobody_else(planted):
    overdue = _overdue(planted).filter("is_overdue").select("number")

    truth = planted.episodes.join(overdue, on="number")

    assert _listed(planted, "follow_up_overdue") == _names(planted, truth)


def test_the_list_names_everybody_without_a_plan_and_nobody_else(planted):
    drawn = papers(planted.city, planted.lives, planted.running())
    written = (
        drawn.filter(pl.col("kind").is_in(PLANS)).group_by("number").agg(pl.col("is_written").any())
    )

    truth = (
        planted.running()
        .join(written.filter(~pl.col("is_written")), on="number")
        .filter(pl.col("start") + 1 < planted.n_months)
    )

    assert _listed(planted, "no_plan") == _names(planted, truth)


def test_the_list_names_everybody_whose_last_end_led_nowhere_and_nobody_else(planted):
    last_month = planted.n_months - 1
    truth = []
    for (row,), rows in planted.episodes.partition_by("row", as_dict=True).items():
        latest = rows.sort("end", "start").row(-1, named=True)
        ends = rows["end"].to_list()
        if None in ends or max(ends) > last_month - 2:
            continue
        # On support in every month since the last one of the intervention.
        if planted.on_support(row)[max(max(ends) - 1, 0) : last_month + 1].all():
            truth.append((latest["home"], planted.person(row), latest["intervention_id"]))

    assert _listed(planted, "nothing_begun") == sorted(truth)


def test_the_size_of_the_lists_is_that_of_their_people(planted):
    rows = worklist(planted.process, planted.spells, table("effect_moments").empty())
    people = Counter(reason for reason, _ in set(rows.select("reason", "person_id").rows()))

    size = worklist_size(rows, area="all")

    assert {reason: n for _, reason, n in size.rows() if n} == dict(people)


def _names(planted: Planted, episodes: pl.DataFrame) -> list[tuple[str, str, str]]:
    return sorted(
        (home, planted.person(row), name)
        for home, row, name in episodes.select("home", "row", "intervention_id").rows()
    )
