"""Make the record of both readings in worlds anew: python tests/truth/store_worlds_record.py

The page of method prints it. It is made after a change of what the readings or the checks rest on,
in a commit of its own, and on cities that nobody has looked at before: those of the last record
have numbers below FIRST_SEED. Cities that are done are kept in build/prove. About seven seconds for
each city of each world on one processor that is free (set OMP_NUM_THREADS=1 where it is not).
"""

from datetime import date
from pathlib import Path

import polars as pl
import yaml
from cities import four_districts, kept_in, protocols
from readings_in_worlds import (
    CELL,
    CELLS,
    HARM,
    TRUTH,
    Cell,
    counts_of,
    each_city,
    keep_checks,
    keep_readings,
    warned_of,
    with_truth,
)

import evalkit
from evalkit.report.method.worlds import FILE
from evalkit.run_rules import AdviceRules

FIRST_SEED, N_CITIES, N_PEOPLE = 41_000, 60, 4_000
# Checks cost more than the readings, so they are made in the first of the cities alone.
N_CHECKED = 10
HEAD = """\
# Both readings of an effect in simulated worlds whose truth is known. Made by
# tests/truth/store_worlds_record.py, never by hand.
"""


def readings_of_cities(folder: Path, *, n_cities: int = N_CITIES) -> pl.DataFrame:
    """Both readings in every city of every world, beside the truth."""
    seeds = range(FIRST_SEED, FIRST_SEED + n_cities)
    return with_truth(each_city(folder, keep_readings, seeds, N_PEOPLE))


def checks_of_cities(folder: Path, *, n_cities: int = N_CHECKED) -> pl.DataFrame:
    """What the checks say in the first cities of every world."""
    seeds = range(FIRST_SEED, FIRST_SEED + n_cities)
    return each_city(folder / "checks", keep_checks, seeds, N_PEOPLE)


def record_of(found: pl.DataFrame, checked: pl.DataFrame) -> dict:
    """The content of the record."""
    warned = warned_of(found, checked)
    times = checked.group_by(CELL).agg(pl.median("times").round(1))
    worlds = [
        row
        | {
            "times": times.filter(world=row["world"], strength=row["strength"])["times"].item(),
            "warned": warned[Cell(row["world"], row["strength"])],
        }
        for row in counts_of(found)
    ]
    return {
        "city": four_districts().city,
        "made": date.today(),
        "version": evalkit.__version__,
        "first_seed": FIRST_SEED,
        "n_cities": found["seed"].n_unique(),
        "n_cities_checked": checked["seed"].n_unique(),
        "n_people": N_PEOPLE,
        "n_districts": len(four_districts().district_names),
        "n_interventions": len(protocols()),
        "followed_months": protocols()[0].follow_up_months,
        "harm": HARM,
        "expand_from": AdviceRules().expand_from,
        "worlds": worlds,
    }


def kept_folder() -> Path:
    """Where cities are kept: another folder when code, worlds or sizes change."""
    return kept_in(
        "readings",
        *(cell.city.model_dump_json() for cell in CELLS),
        TRUTH.read_text(),
        f"{N_PEOPLE}",
    )


if __name__ == "__main__":
    kept = kept_folder()
    content = record_of(readings_of_cities(kept), checks_of_cities(kept))
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None)
    FILE.write_text(HEAD + text, encoding="utf-8")
    print(FILE)
