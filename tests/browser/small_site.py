"""The site of a small simulated city, made in this process within seconds: two districts, one too
small for figures of its own, two interventions with a value, many without, and a plan.
"""

import fcntl
from functools import cache
from pathlib import Path

import line
import small_city

BOTH = ("Rinkeby-Kista", "Älvsjö")
N_PEOPLE, N_DRAWS = 1200, 40
COACHING = small_city.PROTOCOL | {
    "covariates": [
        {"name": "months_on_support", "kind": "elapsed"},
        {"name": "female", "kind": "person", "column": "sex", "equals": "female"},
    ]
}
WORK_TRAINING = COACHING | {
    "protocol": "work_training",
    "intervention_id": "work_training",
    "title": {"sv": "Arbetsträning", "en": "Work training"},
}
RUN = {
    "languages": ["sv", "en"],
    "districts": list(BOTH),
    "effects": {"n_draws": N_DRAWS},
    "value": {
        "price_book": str(small_city.ROOT / "params/unit_costs/stockholm.yaml"),
        "advice": {"min_starters": 30},
    },
    "allocation": {"n_draws": 10, "further_money": [500_000]},
}


@cache
def small_site(folder: Path) -> Path:
    """Simulate the city, run it, and give its site; once for all processes that share a folder."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "made"
        if not made.exists():
            made.write_text(str(_make(folder)), encoding="utf-8")
        return Path(made.read_text(encoding="utf-8"))


def _make(folder: Path) -> Path:
    city = folder / "city"
    small_city.write_small_city(city, BOTH, n_people=N_PEOPLE)
    run_file = small_city.write_run(folder, RUN, (COACHING, WORK_TRAINING), city=city)
    return line.run_line(run_file, out=folder / "runs").run_dir / "site"
