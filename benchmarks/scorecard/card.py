"""The rows of the card: which experiments, beside which comparisons."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.scorecard import data
from benchmarks.scorecard.estimates import (
    Answer,
    Reading,
    answer,
    experiment,
    experiment_of_takers,
)
from benchmarks.scorecard.line import benefit_trials, weeks_without_benefit
from benchmarks.scorecard.studies import Drawn, drawn_studies
from benchmarks.scorecard.verdicts import judged, judged_drawn, span
from evalkit.effects import contrast

_SEED = 24
# On what it hangs who is offered in the drawn studies: what tells most of the outcome, the
# outcome's own past left out, so that the second reading has something to show where it is hidden.
_CHOSEN_BY = {
    "NSW": ("educ", "nodegree", "black", "age"),
    "JOBS II": ("hardship", "depression", "age", "non_white"),
    "JTPA": ("hourly_wage_cents", "high_school_or_ged", "years_of_education"),
    "Pennsylvania": ("recall", "agegt54", "dep", "husd", "female"),
}


@dataclass(frozen=True)
class Row:
    """One row of the card; estimates and errors in the unit, None where there is none. held: of
    drawn studies that are said, the share whose span holds the truth.
    """

    part: str
    name: str
    unit: str
    n_treated: float
    n_comparison: float
    effective: float
    experiment: float
    experiment_error: float | None
    plain: float | None
    plain_error: float | None
    second: float | None
    span_lower: float | None
    span_upper: float | None
    held: float | None
    trees: float | None
    trees_error: float | None
    verdict: str
    why: str
    source: str
    code: str


@dataclass(frozen=True)
class Card:
    """All rows, and what is said of ranking sites (empty without the files)."""

    rows: list[Row]
    notes: list[str]

    @property
    def table(self) -> pl.DataFrame:
        """One row per comparison, with the columns of `Row`."""
        schema = {
            field.name: pl.String if field.type is str else pl.Float64 for field in fields(Row)
        }
        return pl.DataFrame([list(vars(row).values()) for row in self.rows], schema, orient="row")


def scorecard(folder: Path | None, *, n_studies: int, n_with_trees: int, n_workers: int) -> Card:
    """Every comparison. folder: where the experiments lie that come as files, or None."""
    rows, notes = [*_men(), _seminar()], []
    if folder is not None:
        site_rows, note = sites(data.jtpa(folder))
        rows += [*bonus(data.pennsylvania(folder)), *site_rows]
        notes.append(note)
    task = partial(_drawn_row, folder=folder, n_studies=n_studies, n_with_trees=n_with_trees)
    tasks = [(name, is_hidden) for name in _names(folder) for is_hidden in (False, True)]
    # Polars has threads, which a fork would leave behind.
    with ProcessPoolExecutor(n_workers, get_context("spawn")) as pool:
        rows += pool.map(task, *zip(*tasks, strict=True))
    return Card(rows, notes)


def _names(folder: Path | None) -> list[str]:
    return [name for name in _CHOSEN_BY if folder is not None or name in ("NSW", "JOBS II")]


def _men() -> Iterator[Row]:
    """The men of the experiment beside two surveys."""
    men = data.nsw()
    yield men_beside(men, data.cps(), "NSW beside the CPS", "cps")
    yield men_beside(men, data.psid(), "NSW beside the PSID", "psid")


def men_beside(
    men: data.People, others: data.People, name: str, key: str, *, with_trees: bool = True
) -> Row:
    people = data.beside(men, others)
    said = answer(people, with_trees=with_trees)
    source = f"{data.SOURCES['nsw']}; {data.SOURCES[key]}"
    return _row("experiments", name, "dollars a year", people, experiment(men), said, source)


def _seminar() -> Row:
    """Who came to the seminar beside who was invited as well and did not."""
    people = data.jobs()
    truth = experiment_of_takers(people, taken="attended")
    invited = people.only(pl.col("treated"))
    seen = replace(invited, rows=invited.rows.with_columns(treated="attended"))
    name = "JOBS II: who came beside who was invited and did not"
    return _row(
        "experiments", name, "points in work", seen, truth, answer(seen), data.SOURCES["jobs"]
    )


def bonus(people: data.People, *, with_trees: bool = True) -> Iterator[Row]:
    """Offers beside none, through the line's own spells and trials."""
    arms = {f"offer {arm}": (arm,) for arm in range(1, 7)}
    for name, offered in {"offers 4 and 6": data.BONUS_ARMS, **arms}.items():
        own = people.only(pl.col("arm").is_in([0, *offered]))
        truth = experiment(own)
        trials = benefit_trials(own)
        weeks = contrast(trials, weeks_without_benefit(trials), terms=())
        is_main = len(offered) > 1
        row = _row(
            "experiments" if is_main else "arms",
            f"Pennsylvania, {name}",
            "weeks of 52 off benefit",
            own,
            truth,
            answer(own, with_trees=with_trees and is_main),
            data.SOURCES["pennsylvania"],
        )
        apart = abs(float(weeks.difference[0]) - truth.value)
        line = (
            f"drawn by lot; the line's own spells and trials give {weeks.difference[0]:.3f}, "
            f"{apart:.0e} from the file"
        )
        yield replace(row, code="benchmarks/scorecard/line.py", why=f"{line}; {row.why}")


def sites(people: data.People) -> tuple[list[Row], str]:
    """Each site's women offered training beside other sites' women who were not."""
    rows, own_estimates = [], []
    for site in people.rows["site"].unique().sort():
        is_here = pl.col("site") == site
        truth = experiment(people.only(is_here))
        own_estimates.append((truth.value, truth.error))
        seen = people.only((is_here & pl.col("treated")) | (~is_here & ~pl.col("treated")))
        said = answer(seen, with_trees=False)
        rows.append(
            _row(
                "sites",
                f"JTPA, site {site}, beside the others' controls",
                "dollars",
                seen,
                truth,
                said,
                data.SOURCES["jtpa"],
            )
        )
    return rows, ranking(own_estimates)


def ranking(estimates: Sequence[tuple[float, float]]) -> str:
    """Whether places differ by more than chance, by Cochran's Q: in words.

    estimates : of each place the experiment's difference and its error.
    """
    from scipy.stats import chi2

    values, errors = np.array(estimates).T
    weights = errors**-2
    q = float(weights @ (values - np.average(values, weights=weights)) ** 2)
    p = float(chi2.sf(q, len(values) - 1))
    finding = "nothing to rank" if p >= 0.05 else "sites differ"
    return (
        f"JTPA's {len(values)} sites by the experiment: Q = {q:.1f} on {len(values) - 1} degrees "
        f"of freedom (p = {p:.2f}): {finding}."
    )


def _row(
    part: str,
    name: str,
    unit: str,
    people: data.People,
    truth: Reading,
    said: Answer,
    source: str,
) -> Row:
    verdict, why = judged(said, truth)
    is_treated = people.rows["treated"]
    trees, trees_error = said.trees or (None, None)
    return Row(
        part,
        name,
        unit,
        int(is_treated.sum()),
        int((~is_treated).sum()),
        said.effective,
        truth.value,
        truth.error,
        said.plain.value,
        said.plain.error,
        None if said.second is None else said.second.value,
        *span(said),
        None,
        trees,
        trees_error,
        verdict,
        why,
        source,
        "benchmarks/scorecard/estimates.py",
    )


def _drawn_row(
    name: str, is_hidden: bool, *, folder: Path | None, n_studies: int, n_with_trees: int
) -> Row:
    people, unit, source = _experiment(name, folder)
    drawn = drawn_studies(
        people,
        chosen_by=_CHOSEN_BY[name],
        is_hidden=is_hidden,
        seed=_SEED,
        n_studies=n_studies,
        n_with_trees=n_with_trees,
    )
    return _row_of_drawn(name, unit, source, drawn, is_hidden=is_hidden)


def _experiment(name: str, folder: Path | None) -> tuple[data.People, str, str]:
    if name == "NSW":
        return data.nsw(), "dollars a year", data.SOURCES["nsw"]
    if name == "JOBS II":
        return data.jobs(), "points in work", data.SOURCES["jobs"]
    assert folder is not None
    if name == "JTPA":
        return data.jtpa(folder), "dollars", data.SOURCES["jtpa"]
    people = data.pennsylvania(folder).only(pl.col("arm").is_in([0, *data.BONUS_ARMS]))
    return people, "weeks of 52 off benefit", data.SOURCES["pennsylvania"]


def _row_of_drawn(name: str, unit: str, source: str, drawn: Drawn, *, is_hidden: bool) -> Row:
    verdict, why = judged_drawn(drawn, is_hidden=is_hidden)
    how = "chosen by what is hidden" if is_hidden else "chosen by what is measured"
    is_said = verdict != "refused"  # the mean of the few that were said would be of them alone
    return Row(
        "drawn",
        f"{name}, {drawn.n_studies} drawn studies, {how}",
        unit,
        drawn.n_treated,
        drawn.n_comparison,
        drawn.effective,
        drawn.truth,
        None,
        drawn.plain if is_said else None,
        drawn.plain_spread if is_said else None,
        drawn.second if is_said else None,
        None,
        None,
        drawn.held if is_said else None,
        drawn.trees if is_said else None,
        None,
        verdict,
        f"{why}; without any weights the mean difference is {drawn.naive:,.2f}",
        source,
        "benchmarks/scorecard/studies.py",
    )
