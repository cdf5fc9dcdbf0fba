"""Make the record of advice held against the truth anew: python tests/truth/store_advice_record.py

The page of method prints it. It is made after a change of the rule of advice or of what advice
rests on, in a commit of its own, and on cities that nobody has looked at before: those of the last
record have numbers below FIRST_SEED. Cities that are done are kept in build/prove. About twenty
minutes on one processor.
"""

from datetime import date
from pathlib import Path

import polars as pl
import yaml
from advised import (
    HORIZON_MONTHS,
    KEYS,
    PRICE_FACTORS,
    counts_of,
    keep_advised,
    planted_truth,
    stockholm,
    stockholm_protocols,
    true_values,
)
from cities import kept_in

import evalkit
from evalkit.report.method.advice_record import FILE
from evalkit.run_rules import AdviceRules

FIRST_SEED, N_CITIES = 32_000, 20
N_PEOPLE, N_DRAWS = 12_000, 100
HEAD = """\
# How often advice is right in simulated cities whose truth is known. Made by
# tests/truth/store_advice_record.py, never by hand.
"""


def advice_of_cities(folder: Path, *, n_cities: int = N_CITIES) -> pl.DataFrame:
    """The advice of every city, one after the other, beside the truth."""
    truth = folder / "truth.parquet"
    if not truth.exists():
        true_values(planted_truth()).write_parquet(truth)
    paths = [folder / f"{FIRST_SEED + n}.parquet" for n in range(n_cities)]
    for n_done, path in enumerate(paths, start=1):
        if not path.exists():
            keep_advised(path, int(path.stem), N_PEOPLE, N_DRAWS)
            print(f"{n_done} of {n_cities} cities", flush=True)
    cities = pl.concat([pl.read_parquet(path) for path in paths])
    return cities.join(pl.read_parquet(truth), on=[*KEYS, "factor"])


def record_of(found: pl.DataFrame) -> dict:
    """The content of the record."""
    return {
        "city": stockholm().city,
        "made": date.today(),
        "version": evalkit.__version__,
        "first_seed": FIRST_SEED,
        "n_cities": N_CITIES,
        "n_people": N_PEOPLE,
        "n_draws": N_DRAWS,
        "n_districts": len(stockholm().district_names),
        "n_interventions": len(stockholm_protocols()),
        "followed_months": stockholm_protocols()[0].follow_up_months,
        "horizon_months": HORIZON_MONTHS,
        "price_factors": list(PRICE_FACTORS),
        "rules": AdviceRules().model_dump(),
        "counts": counts_of(found),
    }


def kept_folder() -> Path:
    """Where cities are kept: another folder when code or sizes change."""
    return kept_in("advice", f"{FIRST_SEED} {N_PEOPLE} {N_DRAWS} {PRICE_FACTORS}")


if __name__ == "__main__":
    content = record_of(advice_of_cities(kept_folder()))
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None)
    FILE.write_text(HEAD + text, encoding="utf-8")
    print(FILE)
