"""The tables of the line: their columns, their keys, the states, and the only way to read and write them inside a run.

A table file is whole or absent: it is written beside its place and renamed. Rows are sorted by the table's keys and columns stand in
the schema's order, so the same content gives the same bytes. Tables whose rows are persons live under work/ (mode 0700).
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from evalkit.errors import EvalkitError, IntakeError, first_few
from evalkit.schemas import DELIVERED, TableSchema

# The district name of a row about all districts together.
CITY = "all"

# Payer: who pays a person's living while in the state. Outcome: the word under which a state is reported and estimated.
STATES = pl.DataFrame(
    [
        ("work", "self_support", "work", "employer", False),
        ("studies", "self_support", "studies", "student_aid", False),
        ("school", "self_support", "studies", "student_aid", False),
        ("further_education", "self_support", "studies", "student_aid", False),
        ("higher_education", "self_support", "studies", "student_aid", False),
        ("subsidised_work", "step", "subsidised_work", "public_employment_service", False),
        ("sheltered_work", "step", "sheltered_work", "district", False),
        ("training", "programme", "training", "state", True),
        ("programme", "programme", "programme", "public_employment_service", True),
        ("sickness_benefit", "transfer", "sickness_benefit", "social_insurance_agency", False),
        ("pension", "transfer", "pension", "social_insurance_agency", False),
        ("support", "support", "support", "district", False),
        ("dead", "out", "out", None, False),
        ("moved", "out", "out", None, False),
        ("unknown", "unknown", "unknown", None, False),
    ],
    schema={
        "state": pl.String,
        "state_class": pl.String,
        "outcome": pl.String,
        "payer": pl.String,
        "is_programme": pl.Boolean,
    },
    orient="row",
)

# Which state is believed where two sources put a person into different ones in the same month: what ends everything first, then what is
# granted by a decision for the whole person (a pension, a benefit, a subsidised job), then unsubsidised work, then programmes and studies, and
# support, which is granted only for what else is lacking, last of all that is known.
LIVELIHOOD_PRIORITY = (
    "dead",
    "moved",
    "pension",
    "sickness_benefit",
    "sheltered_work",
    "subsidised_work",
    "work",
    "training",
    "programme",
    "higher_education",
    "further_education",
    "school",
    "studies",
    "support",
    "unknown",
)

_EFFECT_KEYS = {
    "district": pl.String,
    "intervention_id": pl.String,
    "protocol_hash": pl.String,
    "estimand": pl.String,
    "subgroup": pl.String,
    "source": pl.String,
}

SCHEMAS: dict[str, TableSchema] = {
    schema.name: schema
    for schema in (
        *DELIVERED,
        TableSchema(
            "rejected",
            {
                "table": pl.String,
                "file": pl.String,
                "line": pl.Int32,
                "column": pl.String,
                "rule": pl.String,
                "sentence": pl.String,
            },
            ("table", "file", "line", "column", "rule"),
            True,
        ),
        # Spells and states: one row a spell of a person.
        TableSchema(
            "support_spells",
            {
                "person_id": pl.String,
                "household_id": pl.String,
                "spell_no": pl.Int32,
                "district": pl.String,
                "start": pl.Date,
                "end": pl.Date,
                "entry": pl.Int32,
                "months": pl.Int32,
                "exit_state": pl.String,
                "exit": pl.String,
                "is_start_known": pl.Boolean,
                "weight": pl.Float64,
            },
            ("person_id", "spell_no"),
            True,
        ),
        TableSchema(
            "state_intervals",
            {
                "person_id": pl.String,
                "district": pl.String,
                "start": pl.Int32,
                "stop": pl.Int32,
                "from_state": pl.String,
                "to_state": pl.String,
                "weight": pl.Float64,
            },
            ("person_id", "start"),
            True,
        ),
        TableSchema(
            "episodes",
            {
                "person_id": pl.String,
                "episode_no": pl.Int32,
                "intervention_id": pl.String,
                "start": pl.Date,
                "end": pl.Date,
                "planned_months": pl.Int32,
                "provider_district": pl.String,
                "is_running": pl.Boolean,
            },
            ("person_id", "episode_no"),
            True,
        ),
        # Effects: the person line. Trials are persons; everything after is not.
        TableSchema(
            "propensity",
            {
                "intervention_id": pl.String,
                "protocol_hash": pl.String,
                "model": pl.String,
                "draw": pl.Int32,
                "term": pl.String,
                "coefficient": pl.Float64,
                "is_converged": pl.Boolean,
            },
            ("intervention_id", "protocol_hash", "model", "draw", "term"),
            False,
        ),
        TableSchema(
            "effect_sums",
            {
                **{k: v for k, v in _EFFECT_KEYS.items() if k != "source"},
                "draw": pl.Int32,
                "arm": pl.String,
                "state": pl.String,
                "month": pl.Int32,
                "weighted_sum": pl.Float64,
                "weight_total": pl.Float64,
            },
            ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "draw", "arm", "state", "month"),
            False,
        ),
        # What does not sum to one over states: shares that have reached an event (evalkit.effects.events) by the month.
        TableSchema(
            "effect_event_sums",
            {
                **{k: v for k, v in _EFFECT_KEYS.items() if k != "source"},
                "draw": pl.Int32,
                "arm": pl.String,
                "event": pl.String,
                "month": pl.Int32,
                "weighted_sum": pl.Float64,
                "weight_total": pl.Float64,
            },
            ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "draw", "arm", "event", "month"),
            False,
        ),
        TableSchema(
            "effect_draws",
            {
                **_EFFECT_KEYS,
                "draw": pl.Int32,
                "arm": pl.String,
                "state": pl.String,
                "month": pl.Int32,
                "probability": pl.Float64,
            },
            ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source", "draw", "arm", "state", "month"),
            False,
        ),
        # Draws of the declared groups, all districts together.
        TableSchema(
            "group_draws",
            {
                **_EFFECT_KEYS,
                "draw": pl.Int32,
                "arm": pl.String,
                "state": pl.String,
                "month": pl.Int32,
                "probability": pl.Float64,
            },
            ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source", "draw", "arm", "state", "month"),
            False,
        ),
        # A district's effect for people mixed as the city's eligible; a reason instead where it lacks such people.
        TableSchema(
            "standardised_draws",
            {
                "district": pl.String,
                "intervention_id": pl.String,
                "protocol_hash": pl.String,
                "draw": pl.Int32,
                "difference": pl.Float64,
                "reason": pl.String,
            },
            ("district", "protocol_hash", "draw"),
            False,
        ),
        # Who starts and could start in each declared group of a district, and in two of them together.
        TableSchema(
            "group_counts",
            {
                "district": pl.String,
                "intervention_id": pl.String,
                "subgroup": pl.String,
                "also_in": pl.String,
                "n_starters": pl.Int32,
                "n_eligible": pl.Int32,
            },
            ("district", "intervention_id", "subgroup", "also_in"),
            False,
        ),
        TableSchema(
            "effect_status",
            {
                **_EFFECT_KEYS,
                "status": pl.String,
                "reason": pl.String,
                "n_starters": pl.Int32,
                "n_eligible": pl.Int32,
                "effective_sample_size": pl.Float64,
                "max_weight": pl.Float64,
                "n_draws_without_starters": pl.Int32,
            },
            ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source"),
            False,
        ),
        TableSchema(
            "value_draws",
            {
                **_EFFECT_KEYS,
                "draw": pl.Int32,
                "actor": pl.String,
                "kind": pl.String,
                "posting": pl.String,
                "amount": pl.Float64,
                "currency": pl.String,
                "price_year": pl.Int32,
            },
            ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source", "draw", "actor", "kind", "posting"),
            False,
        ),
        TableSchema(
            "value_totals",
            {
                "district": pl.String,
                "intervention_id": pl.String,
                "estimand": pl.String,
                "draw": pl.Int32,
                "net_benefit": pl.Float64,
                "net_public_cost": pl.Float64,
                "work_months": pl.Float64,
            },
            ("district", "intervention_id", "estimand", "draw"),
            False,
        ),
    )
}


def table_path(run_dir: Path | str, name: str, unit: str | None = None) -> Path:
    """Where a table of a run lies: work/NAME.parquet, or work/NAME/UNIT.parquet for one district's part."""
    place = Path(run_dir) / "work"
    return place / name / f"{slug(unit)}.parquet" if unit else place / f"{name}.parquet"


def slug(name: str) -> str:
    """A district's or run's name as a file name: letters and digits of any language, lower case, '-' between words."""
    words = "".join(letter if letter.isalnum() else " " for letter in name.lower()).split()
    return "-".join(words)


def conform(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """The table with its schema's columns, types and order of rows.

    Raises
    ------
    EvalkitError
        If a column is missing, undeclared or of another type, or a key is repeated.
    """
    schema = SCHEMAS[name]
    ordered = in_order(with_columns_of(table, name), schema.keys)
    if ordered.select(same_as_before(schema.keys).any()).item():
        raise EvalkitError(
            f"The table {name} holds the same key more than once.",
            where=f"key columns: {', '.join(schema.keys)}",
            why="A repeated key would count a person or a month twice.",
            fix="look at the station that writes the table; the intake sets repeated keys aside.",
        )
    return ordered


def with_columns_of(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """The table with its schema's columns and types, its rows as they stand.

    Raises
    ------
    EvalkitError
        If a column is missing, undeclared or of another type.
    """
    schema = SCHEMAS[name]
    missing = [column for column in schema.columns if column not in table.columns]
    extra = [column for column in table.columns if column not in schema.columns]
    if missing or (extra and not schema.open_columns):
        raise EvalkitError(
            f"The table {name} does not have the columns of its schema.",
            where=f"missing: {', '.join(missing) or 'none'}; undeclared: {', '.join(extra) or 'none'}",
            why="Every station reads the tables by these columns (evalkit/tables.py).",
            fix="hand on the declared columns, or change the schema and everything that uses it.",
        )
    columns = [pl.col(column).cast(kind) for column, kind in schema.columns.items()]
    return table.select(*columns, *[pl.col(column) for column in sorted(extra)])


def in_order(table: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The table sorted by its keys; left as it is where they already increase from row to row, which costs far less to see than to do."""
    increases, is_tie = pl.lit(False), pl.lit(True)
    for key in keys:
        increases = increases | (is_tie & (pl.col(key) > pl.col(key).shift(1)))
        is_tie = is_tie & (pl.col(key) == pl.col(key).shift(1))
    is_ordered = table.select(increases.slice(1).fill_null(False).all()).item() if table.height > 1 else True
    return table if is_ordered else table.sort(keys)


def same_as_before(keys: Sequence[str]) -> pl.Expr:
    """True for a row whose keys are those of the row before it."""
    return pl.all_horizontal(pl.col(key).eq_missing(pl.col(key).shift(1)) for key in keys) & (pl.int_range(pl.len()) > 0)


def write_table(table: pl.DataFrame, run_dir: Path | str, name: str, *, unit: str | None = None) -> Path:
    """Write a table of a run, whole or not at all; returns its path."""
    path = table_path(run_dir, name, unit)
    make_private_folder(Path(run_dir) / "work")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    conform(table, name).write_parquet(temporary, compression="zstd")
    temporary.replace(path)
    return path


def write_tables(run_dir: Path | str, tables: Mapping[str, pl.DataFrame]) -> list[Path]:
    """Write several tables of a run by name; returns their paths."""
    return [write_table(table, run_dir, name) for name, table in tables.items()]


def read_table(run_dir: Path | str, name: str, *, unit: str | None = None) -> pl.DataFrame:
    """Read a table of a run.

    Raises
    ------
    IntakeError
        If the table has not been written; names the tables that exist.
    """
    path = table_path(run_dir, name, unit)
    if not path.exists():
        found = sorted(table.stem for table in (Path(run_dir) / "work").glob("*.parquet"))
        raise IntakeError(
            f"The table {name} has not been written yet{f' for {unit}' if unit else ''}.",
            where=str(path),
            why="A notebook reads what earlier notebooks of the same run have written.",
            fix=f"run the earlier notebooks first (evalkit run); tables found: {first_few(found, 12)}.",
        )
    return pl.read_parquet(path)


def read_units(run_dir: Path | str, name: str, units: list[str]) -> pl.DataFrame:
    """The parts of a table that the given districts have written, one below the other; districts without a part are left out."""
    parts = [pl.read_parquet(path) for unit in units if (path := table_path(run_dir, name, unit)).exists()]
    return pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMAS[name].columns)


def read_tables(run_dir: Path | str, *names: str) -> dict[str, pl.DataFrame]:
    """Several tables of a run by name."""
    return {name: read_table(run_dir, name) for name in names}


def read_delivered(run_dir: Path | str, name: str) -> pl.DataFrame:
    """A delivered table of a run, empty where nobody delivered it: its part of the report is then left out."""
    if table_path(run_dir, name).exists():
        return read_table(run_dir, name)
    return pl.DataFrame(schema=SCHEMAS[name].columns)


def only(table: pl.DataFrame, **values: object) -> pl.DataFrame:
    """The rows whose columns have the given values: only(spells, district="Belfast")."""
    return table.filter(*[pl.col(column) == value for column, value in values.items()])


def make_private_folder(folder: Path) -> Path:
    """A folder that only its owner can open (mode 0700), made if need be."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file's bytes, as hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
