"""A simulated city as a folder: the tables that its districts would deliver, a README of what was
assumed, and the truth beside them.

People are simulated and written in chunks, so that a city of any size needs the memory of one
chunk; the rows do not depend on the chunks. Tables with persons are Parquet (in several parts where
there are several chunks), the others CSV. The truth lies in a folder of its own beside the city's
(NAME_truth), so that a run on the city reads none of it.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl

from evalkit.errors import ParameterError
from evalkit.simulate.city.city import City
from evalkit.simulate.population.lives import live
from evalkit.simulate.register.city_tables import city_tables, sample_share
from evalkit.simulate.register.outreach import outreach, outreach_entries
from evalkit.simulate.register.person_tables import person_tables
from evalkit.simulate.register.readme import HEADING, TRUTH_HEADING, readme_text, truth_readme_text
from evalkit.simulate.register.registered import registered
from evalkit.simulate.truth.rollouts import rollout_truth
from evalkit.simulate.truth.truth import QUOTED_MONTHS, simulate_truth
from evalkit.simulate.truth.value_truth import value_truth

CHUNK_PEOPLE = 50_000


class Written(NamedTuple):
    """What was written: rows by table, the folder, and the folder of the truth if there is one."""

    folder: Path
    rows: dict[str, int]
    truth: Path | None


def write_city(
    city: City,
    folder: Path | str,
    *,
    seed: int,
    n_people: int,
    n_truth_people: int = 0,
    price_book: Mapping | None = None,
    missing_reasons: float | None = None,
    chunk_people: int = CHUNK_PEOPLE,
) -> Written:
    """Simulate a city into a folder.

    Parameters
    ----------
    n_people : int
        Simulated adults. Even, > 0.
    n_truth_people : int
        So many of the people serve the truth (0: no truth is written). Even.
    price_book : mapping, optional
        A price book's content; with it the truth holds the value to each actor too (value.parquet).
    missing_reasons : float, optional
        Write what a municipality registers: no livelihoods, exit reasons instead, of which this
        share is missing (`registered`). 0 to 1.
    chunk_people : int
        People held in memory at a time. Even.

    Raises
    ------
    ParameterError
        If a number of people is odd or not positive, or a folder holds something that is no
        simulated city.
    """
    _refuse_odd(people=n_people, chunk=chunk_people)
    _refuse_odd(allow_zero=True, truth_people=n_truth_people)
    folder = Path(folder)
    # "." and ".." have no name of their own to put another beside.
    with_name = folder.resolve() if folder.name in ("", "..") else folder
    truth = with_name.with_name(f"{with_name.name}_truth")
    _remove_earlier({folder: HEADING, truth: TRUTH_HEADING})
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, int] = {}
    entered = []
    chunks = [(at, min(at + chunk_people, n_people)) for at in range(0, n_people, chunk_people)]
    for chunk_no, (first, stop) in enumerate(chunks, start=1):
        lives = live(city, seed=seed, first=first, stop=stop)
        tables = person_tables(city, lives)
        if missing_reasons is not None:
            tables = registered(city, lives, tables, missing_share=missing_reasons)
        entered.append(outreach_entries(city, tables["participation"]))
        for name, table in tables.items():
            ending = f"_{chunk_no:04d}" if len(chunks) > 1 else ""
            table.write_parquet(folder / f"{name}{ending}.parquet", compression="zstd")
            rows[name] = rows.get(name, 0) + len(table)
    reached = outreach(city, entered, sample_share(city, n_people))
    for name, table in (city_tables(city, n_people) | {"outreach": reached}).items():
        table.write_csv(folder / f"{name}.csv")
        rows[name] = len(table)
    (folder / "README.md").write_text(
        readme_text(
            city,
            rows,
            seed=seed,
            n_people=n_people,
            missing_reasons=missing_reasons,
        ),
        encoding="utf-8",
    )
    if not n_truth_people:
        return Written(folder, rows, None)
    n_of_truth = min(n_truth_people, n_people)
    _write_truth(
        city,
        truth,
        seed=seed,
        n_people=n_of_truth,
        price_book=price_book,
    )
    return Written(folder, rows, truth)


def is_simulated(folder: Path, *, heading: str = HEADING) -> bool:
    """Whether a folder says of itself, at the beginning of its README, that it is a simulated
    city.
    """
    readme = folder / "README.md"
    return readme.exists() and readme.read_text(encoding="utf-8").startswith(heading)


def _refuse_odd(*, allow_zero: bool = False, **numbers: int) -> None:
    odd = [
        name for name, number in numbers.items() if number % 2 or number < (0 if allow_zero else 2)
    ]
    if odd:
        raise ParameterError(
            "A number of people is odd or too small.",
            where=", ".join(odd),
            why="Adults are simulated in slots of two, so that couples stay together.",
            fix="give an even number, for example 30000.",
        )


def _remove_earlier(folders: Mapping[Path, str]) -> None:
    """Remove an earlier simulated city and its truth, told by how their README begins, and nothing
    else.
    """
    filled = {
        folder: heading
        for folder, heading in folders.items()
        if folder.exists() and any(folder.iterdir())
    }
    for folder, heading in filled.items():
        if not is_simulated(folder, heading=heading):
            raise ParameterError(
                "The folder holds something that is no simulated city.",
                where=str(folder),
                why="Writing a city replaces the folder's content.",
                fix="give an empty or a new folder with --out.",
            )
    for folder in filled:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        # The folder that one is in can only be emptied.
        if folder.resolve() != Path.cwd():
            folder.rmdir()


def _write_truth(
    city: City,
    folder: Path,
    *,
    seed: int,
    n_people: int,
    price_book: Mapping | None,
) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_text(
        truth_readme_text(city, seed=seed, n_people=n_people), encoding="utf-8"
    )
    truth = simulate_truth(city, seed=seed, n_people=n_people)
    for name, table in truth._asdict().items():
        table.write_parquet(folder / f"{name}.parquet", compression="zstd")
    if price_book:
        by_horizon = [
            value_truth(
                truth.curves, price_book, programmes=truth.programmes, horizon_months=months
            )
            for months in QUOTED_MONTHS
        ]
        pl.concat(by_horizon).write_parquet(folder / "value.parquet", compression="zstd")
    if city.rollouts:
        rollout_truth(city, seed=seed, n_people=n_people).write_parquet(
            folder / "rollouts.parquet", compression="zstd"
        )
