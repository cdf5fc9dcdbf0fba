"""What has moved since the report that readers saw before, for all districts together, and what may
have moved it: both taken from what the two runs published.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from evalkit.disclosure import Published, read_published
from evalkit.line.tables import published
from evalkit.params import Run, run_record
from evalkit.tables import CITY

# What is compared of an intervention, by the published table that has it.
_TABLES = ("people", "offers", "advice", "value_parts")
_OF_PRICES = "value.price_book"
_OF_DATA = "extract"
_VERSIONS = ("evalkit", "evalkit_source")


def since_last(run: Run) -> pl.DataFrame:
    """What differs from the run that readers saw before, by the tables people, offers, advice and
    value_parts, as far as both have published them.

    Returns
    -------
    DataFrame
        The table `since_last`: one row per intervention and measure, of all districts together:
        before and after (persons, starts per year, money per start), advice_before and
        advice_after, cause (what differs between the runs: data, prices, method, joined by "_"),
        data_through (the last month of the run before). Empty where there is none before.
    """
    before = run.previous_dir
    if before is None:
        return published("since_last").empty()
    record = run_record(before)
    then = _values(_published_in(before))
    today = _values(_published_in(run.run_dir))
    cause = "_".join(_causes(run, record)) or "nothing"
    through = date.fromisoformat(f"{before.name[:7]}-01")
    rows = [
        {
            "intervention_id": intervention,
            "measure": measure,
            **_both(then.get((intervention, measure)), today.get((intervention, measure))),
            "cause": cause,
            "data_through": through,
        }
        for intervention, measure in sorted({*then, *today})
    ]
    return pl.DataFrame(rows, schema=published("since_last").schema)


def _published_in(folder: Path) -> dict[str, Published]:
    return {
        name: read_published(folder, name)
        for name in _TABLES
        if (folder / "published" / f"{name}.json").is_file()
    }


def _values(tables: Mapping[str, Published]) -> dict[tuple[str, str], dict[str, Any]]:
    """By intervention and measure: a number or an advice."""
    rows = {
        name: [row for row in table.data.iter_rows(named=True) if row["district"] == CITY]
        for name, table in tables.items()
    }
    found: dict[tuple[str, str], dict[str, Any]] = {
        (CITY, row["measure"]): {"value": row["count"]}
        for row in rows.get("people", ())
        if row["measure"] == "persons_with_support"
    }
    for name, measure, value, chosen in (
        ("offers", "starts", "n_starts", {}),
        ("value_parts", "society", "estimate", {"perspective": "society", "part": "total"}),
        ("advice", "advice", "advice", {}),
    ):
        for row in rows.get(name, ()):
            if all(row[key] == wanted for key, wanted in chosen.items()):
                what = "advice" if measure == "advice" else "value"
                found[row["intervention_id"], measure] = {what: row[value]}
    return found


def _both(then: dict[str, Any] | None, now: dict[str, Any] | None) -> dict[str, Any]:
    then, now = then or {}, now or {}
    return {
        "before": then.get("value"),
        "after": now.get("value"),
        "advice_before": then.get("advice"),
        "advice_after": now.get("advice"),
    }


def _causes(run: Run, record: Mapping[str, Any]) -> list[str]:
    """What differs between a run and the one before it (its run.json): data, prices, method."""
    differs = {"data": False, "prices": False, "method": False}
    inputs = {**dict.fromkeys(record["inputs"]), **dict.fromkeys(run.inputs)}
    for name in inputs:
        if record["inputs"].get(name) != run.inputs.get(name):
            differs[_kind_of(name)] = True
    now = run.params.model_dump(mode="json")
    for key in {*record["params"], *now}:
        if record["params"].get(key) != now.get(key):
            differs["data" if key == _OF_DATA else "method"] = True
    for name in _VERSIONS:
        if record["versions"].get(name) != run.versions.get(name):
            differs["method"] = True
    return [cause for cause, is_different in differs.items() if is_different]


def _kind_of(input_name: str) -> str:
    if input_name.startswith(f"{_OF_DATA}/"):
        return "data"
    return "prices" if input_name.startswith(_OF_PRICES) else "method"
