"""The record of forecasts: a line for each month and district, whose hash covers what was told and
the line before it, so that neither can be changed without a trace.

Whoever could write all files of a run could write a whole chain anew. Against that stands what has
left the run: a page that names the last hash, a public vintage, another vintage's copy.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from evalkit.disclosure import read_published
from evalkit.errors import DisclosureError
from evalkit.line.tables import published
from evalkit.months import add_months
from evalkit.params import Run, RunFile

HOLDS, CHANGED = "holds", "changed"
_BEFORE_ALL = date(1, 1, 1)
_HASHED = ("made", "district", "run_id", "protocols", "definition", "n_forecasts", "content_hash")
_MAPPING, _PROTOCOLS = "extract.mapping/", "effects.protocols/"
_HEX = 16
# Forecasts stand in the table for so long, and are looked for there by their line.
KEPT_MONTHS = 24


@dataclass(frozen=True)
class Earlier:
    """What earlier vintages have told.

    Attributes
    ----------
    forecasts : DataFrame
        The published table `forecasts` of the vintage before.
    record : DataFrame
        Its table `forecast_record`, with `line_status`: whether a line and what it covers are as
        they were made ("holds", "changed").
    """

    forecasts: pl.DataFrame
    record: pl.DataFrame

    @property
    def last_made(self) -> date:
        """The last month of data of which there are forecasts; the year 1 where there are none."""
        made = self.record["made"].max()
        return made if isinstance(made, date) else _BEFORE_ALL


def earlier_record(run: Run) -> Earlier:
    """What the vintage that readers saw before has told, and earlier ones of which it keeps the
    record; nothing where there is none.
    """
    return record_in(run.previous_dir)


def record_in(folder: Path | None) -> Earlier:
    """The forecasts and their record as a vintage has published them, each line held against what
    it covers.

    Raises
    ------
    DisclosureError
        If the record itself is not as it was published.
    """
    record = _published(folder, "forecast_record")
    try:
        told = _published(folder, "forecasts")
    except DisclosureError:
        # Its bytes are not those that were published: none of its lines will hold.
        told = _published(None, "forecasts")
    return Earlier(told, _checked(record, told))


def forecast_record(told: pl.DataFrame, run: Run, earlier: Earlier) -> pl.DataFrame:
    """The record with a line for each district of which the run tells something new.

    Parameters
    ----------
    told : DataFrame
        The published table `forecasts`.
    run : Run
        What went in: run_id, the hashes of protocols and of what defines the counts.
    earlier : Earlier
        The record before.

    Returns
    -------
    DataFrame
        The table `forecast_record`.
    """
    of_run = {
        "run_id": run.run_id,
        "protocols": _hash_of([run.inputs[name] for name in sorted(_of(run.inputs, _PROTOCOLS))]),
        "definition": definition_of(run.params, run.inputs),
        "line_status": HOLDS,
    }
    chains = dict(earlier.record.sort("made").select("district", "chain").iter_rows())
    lines = []
    new = told.filter(pl.col("made") > earlier.last_made)
    for (made, district), rows in sorted(_batches(new).items()):
        line = {
            **{"made": made, "district": district, "n_forecasts": rows.height},
            **of_run,
            "content_hash": content_of(rows),
        }
        lines.append(line | {"chain": _chained(chains.get(district, ""), line)})
    declared = published("forecast_record")
    names = declared.schema.names()
    own = pl.DataFrame(lines, schema=declared.schema) if lines else declared.empty()
    return pl.concat([earlier.record.select(names), own.select(names)]).sort(declared.keys)


def definition_of(params: RunFile, inputs: Mapping[str, str]) -> str:
    """The hash of what decides what is counted: the rules of spells, the reporting lag and the
    mapping file. A price or a question of a protocol changes no count.
    """
    rules = {
        "spells": params.spells.model_dump(mode="json"),
        "reporting_lag_months": params.extract.reporting_lag_months,
        "mapping": [inputs[name] for name in sorted(_of(inputs, _MAPPING))],
    }
    return _hash_of(rules)


def content_of(rows: pl.DataFrame) -> str:
    """The hash of forecasts as they were published."""
    declared = published("forecasts")
    columns = [*declared.keys, *declared.values]
    return _hash_of(rows.sort(declared.keys).select(columns).rows())


def _checked(record: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The record with what has become of each line."""
    batches, chains = _batches(told), {}
    last = record["made"].max()
    oldest = add_months(last, -KEPT_MONTHS) if isinstance(last, date) else _BEFORE_ALL
    statuses = []
    for line in record.sort("made", "district").iter_rows(named=True):
        before, rows = (
            chains.get(line["district"], ""),
            batches.get((line["made"], line["district"])),
        )
        # What was found once stays found when its forecasts have left the table.
        holds = line["line_status"] != CHANGED and line["chain"] == _chained(before, line)
        if rows is not None:
            holds &= line["content_hash"] == content_of(rows)
        else:
            holds &= line["made"] < oldest
        chains[line["district"]] = line["chain"]
        statuses.append(HOLDS if holds else CHANGED)
    return record.sort("made", "district").with_columns(
        line_status=pl.Series(statuses, dtype=pl.String)
    )


def _batches(told: pl.DataFrame) -> dict[tuple[date, str], pl.DataFrame]:
    parts = told.partition_by("made", "district", as_dict=True)
    return {(made, district): rows for (made, district), rows in parts.items()}


def _published(folder: Path | None, name: str) -> pl.DataFrame:
    if folder is None or not (folder / "published" / f"{name}.json").is_file():
        declared = published(name)
        empty = declared.empty().select(*declared.keys, *declared.values)
        return empty.with_columns(status=pl.lit("ok"))
    return read_published(folder, name).data


def _chained(before: str, line: Mapping[str, object]) -> str:
    return _hash_of([before, *(line[name] for name in _HASHED)])


def _of(inputs: Mapping[str, str], beginning: str) -> Sequence[str]:
    return [name for name in inputs if name.startswith(beginning)]


def _hash_of(content: object) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_HEX]
