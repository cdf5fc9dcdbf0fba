"""A delivery of three hundred people of the simulated Stockholm, brought together into two
districts, and the smallest files that a run needs.
"""

import copy
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import yaml

from evalkit.simulate import load_city, write_city

ROOT = Path(__file__).parents[2]
DISTRICTS = ("Rinkeby-Kista", "Älvsjö")
N_PEOPLE = 300
OPTIONAL = (
    "capacity",
    "assessment",
    "follow_up",
    "plan",
    "account",
    "population",
    "need",
    "outreach",
    "action",
)
# Required keys only; those of an extract that a simulation wrote.
RUN = {
    "run": "small",
    "title": {"sv": "Liten stad", "en": "Small city"},
    "languages": ["sv"],
    "districts": list(DISTRICTS),
    "seed": 1,
    "contracts": str(ROOT / "data_contracts"),
    "notebooks": str(ROOT / "notebooks"),
    "extract": {
        "folder": "city",
        "mapping": str(ROOT / "data_contracts" / "mappings" / "simulated_city.yaml"),
        "first_month": "2012-01",
        "data_through": "2021-12",
        "is_simulated": True,
    },
}
PROTOCOL = {
    "protocol": "coaching",
    "intervention_id": "jobbtorg_coaching",
    "title": {"sv": "Coachning", "en": "Coaching"},
    "question": {"sv": "Vad ändrar det att börja nu?", "en": "What does it change to start now?"},
    "eligibility": {"from_month": 26, "to_month": 49},
    "follow_up_months": 24,
    "outcomes": [
        "work",
        "studies",
        "subsidised_work",
        "sheltered_work",
        "training",
        "sickness_benefit",
        "pension",
        "support",
        "out",
        "unknown",
    ],
    "covariates": [],
}


def write_small_city(folder: Path, districts: tuple[str, ...], *, n_people: int = N_PEOPLE) -> None:
    """Simulate the people and put each district into one of these; of tables about districts these
    keep their own rows.
    """
    city = load_city("stockholm", ROOT / "params" / "cities")
    write_city(city, folder, seed=1, n_people=n_people)
    names = city.district_names
    merged = {
        name: districts[position * len(districts) // len(names)]
        for position, name in enumerate(names)
    }
    for path in folder.iterdir():
        if path.suffix in (".csv", ".parquet"):
            _rewrite(path, merged)


def _rewrite(path: Path, merged: dict[str, str]) -> None:
    is_csv = path.suffix == ".csv"
    table = pl.read_csv(path, infer_schema=False) if is_csv else pl.read_parquet(path)
    columns = [column for column in table.columns if column.endswith("district")]
    if path.stem in OPTIONAL and "district" in columns:
        table = table.filter(pl.col("district").is_in(list(merged.values())))
    table = table.with_columns(pl.col(columns).cast(pl.String).replace(merged))
    table.write_csv(path) if is_csv else table.write_parquet(path)


def write_run(folder: Path, run: dict, protocols: Sequence[dict], *, city: Path) -> Path:
    """Write a run file and its protocols beside each other; returns the run file."""
    content = copy.deepcopy(RUN) | run
    content["extract"] = {**content["extract"], "folder": str(city)}
    for number, protocol in enumerate(protocols):
        (folder / f"protocol_{number}.yaml").write_text(
            yaml.safe_dump(protocol, allow_unicode=True), encoding="utf-8"
        )
    if protocols:
        content["effects"] = (
            {"n_draws": 10}
            | content.get("effects", {})
            | {"protocols": [f"protocol_{n}.yaml" for n in range(len(protocols))]}
        )
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path
