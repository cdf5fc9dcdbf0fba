"""How long it takes to admit a register, against pandera and dataframely given the same rules on
the same files.

Each tool reads the files, checks every cell rule, key, overlap and foreign key, and hands over the
tables without the rows that fail, and for each rule which rows of the files those are. Both must be
the planted ones before any time counts. Runs alternate, each in a process of its own; medians of
time, of processor time (which other work on the machine disturbs less) and of peak memory are
printed, with the ratios to evalkit and how time grows with the rows.

All three search for personal numbers by the same pattern. evalkit then refuses the whole extract,
so the extract that is timed holds none; that all three find them is shown first, on a small one.
`--without-search` takes the search from all three. evalkit searches every cell; the peers are
spared the columns that a list of values or a form settles already, and numbers are searched by
their size. Only evalkit says in a sentence what is wrong with each row, keeps one of two equal
rows, and writes the receipt. Of the engines of polars, streaming is no faster for the peers' own
checks. To read the files alone is timed in the same rounds: what no tool can spare. The peers come
with the group `bench` of pyproject.toml.

Foreign keys: dataframely has them, as filters of collections; the quickest form that its
documentation offers is used (tables validated once, the relationship without a second look for
duplicates). pandera has none between frames. So two quicker ways that polars offers stand in for
them there, and also, in a row of their own, beside dataframely ("and polars"), which is then no
longer dataframely's doing alone.

With `--csv` the files are CSV as municipalities write it: semicolons, decimal commas, a byte order
mark. The peers leave that to polars and are told how each file is written; evalkit finds out.

    python benchmarks/intake.py --rows 100000 1000000 5000000 --rounds 3
    python benchmarks/intake.py --rows 5000000 --csv
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from unittest import mock

import numpy as np
import polars as pl

ROOT = Path(__file__).parents[1]
FIRST, THROUGH = date(2024, 1, 1), date(2025, 12, 1)
LAST_DAY = date(2025, 12, 31)
DISTRICTS = ["Norr", "Söder", "Väster", "Öster"]
LIVELIHOODS = [
    *(
        "work",
        "studies",
        "school",
        "further_education",
        "higher_education",
        "subsidised_work",
        "sheltered_work",
        "training",
        "programme",
    ),
    *("sickness_benefit", "pension", "support", "dead", "moved", "unknown"),
]
TABLES = (
    "person",
    "income_support",
    "household_member",
    "livelihood",
    "participation",
    "intervention",
)
MEASURES = ("seconds", "cpu_seconds", "peak_mb")
MONTHS = 10
# A number that the tax agency keeps free for tests, and how many households bear it in the extract
# that is not timed.
TEST_NUMBER, N_NUMBERS = "19121212-1212", 4
PLANTED = {
    "bad_district": 10,
    "negative_amount": 7,
    "payment_without_member": 30,
    "repeated_key": 5,
    "overlap": 20,
    "unknown_person": 3,
    "personal_number": 0,
}
# Of two equal rows evalkit keeps one, the peers none.
KEPT_OF_REPEATED = {"evalkit": PLANTED["repeated_key"]}
# The rows that fail (fault, row: which of its file, from 1), and the tables without them.
Outcome = tuple[pl.DataFrame, dict[str, pl.DataFrame]]
NO_FAILURES = pl.DataFrame(schema={"fault": pl.String, "row": pl.UInt32})


def make_extract(
    folder: Path, n_rows: int, *, is_shuffled: bool, is_csv: bool = False, n_numbers: int = 0
) -> None:
    """Write an extract of `n_rows` payment rows with the planted faults, as Parquet or CSV; in the
    order of its keys unless shuffled.

    The first `n_numbers` payments name their household by a personal number.
    """
    rng = np.random.default_rng(1)
    n_people = n_rows // MONTHS
    people = pl.DataFrame({"i": np.arange(n_people)}).select(
        person_id="P-" + pl.col("i").cast(pl.String).str.zfill(7),
        district=pl.Series(rng.choice(DISTRICTS, n_people)),
    )
    months = pl.DataFrame({"month": pl.date_range(FIRST, date(2024, MONTHS, 1), "1mo", eager=True)})
    paid = people.join(months, how="cross").with_columns(
        household_id=pl.col("person_id").str.replace("P", "H")
    )
    payments = paid.select(
        "household_id",
        "month",
        "district",
        pl.Series("amount", rng.integers(0, 15000, paid.height).astype(float)),
        currency=pl.lit("SEK"),
    )
    spoiled = pl.int_range(pl.len())
    payments = payments.with_columns(
        district=pl.when(spoiled < PLANTED["bad_district"])
        .then(pl.lit("Nowhere"))
        .otherwise("district"),
        amount=pl.when(spoiled.is_between(100, 99 + PLANTED["negative_amount"]))
        .then(-1.0)
        .otherwise("amount"),
    )
    payments = payments.with_columns(
        household_id=pl.when(spoiled < n_numbers)
        .then(pl.lit(TEST_NUMBER))
        .otherwise("household_id")
    )
    again = payments[1000 : 1000 + PLANTED["repeated_key"]]
    members = paid.select("household_id", "person_id", "month", role=pl.lit("lead"))[
        : -PLANTED["payment_without_member"]
    ]
    strangers = members[:3].with_columns(person_id=pl.lit("P-X") + pl.col("person_id").str.slice(2))
    starts = people.select(
        "person_id", start=FIRST, end=pl.date(2024, 7, 1), state=pl.lit("support")
    )
    later = people.select(
        "person_id", start=pl.date(2024, 7, 1), end=pl.lit(None, pl.Date), state=pl.lit("work")
    )
    nested = people[: PLANTED["overlap"]].select(
        "person_id", start=pl.date(2024, 3, 1), end=pl.date(2024, 4, 1), state=pl.lit("studies")
    )
    tables = {
        "person": people,
        "income_support": pl.concat([payments, again]),
        "household_member": pl.concat([members, strangers]),
        "livelihood": pl.concat([starts, later, nested]),
        "intervention": pl.DataFrame({"intervention_id": ["a"], "name": ["A"], "kind": ["a"]}),
        "participation": people[:1].select(
            "person_id", intervention_id=pl.lit("a"), start=FIRST, end=pl.lit(None, pl.Date)
        ),
    }
    for table, rows in tables.items():
        ordered = (
            rows.sample(fraction=1, shuffle=True, seed=1)
            if is_shuffled
            else rows.sort(rows.columns[:3])
        )
        if is_csv:
            ordered.write_csv(
                folder / f"{table}.csv", separator=";", decimal_comma=True, include_bom=True
            )
        else:
            ordered.write_parquet(folder / f"{table}.parquet")


def rows_left(n_rows: int, tool: str) -> dict[str, int]:
    """How many rows of each table a tool hands over of an extract of `n_rows` payment rows."""
    n_people = n_rows // MONTHS
    of_payments = ("bad_district", "negative_amount", "payment_without_member", "repeated_key")
    return {
        "person": n_people,
        "income_support": n_people * MONTHS
        - sum(PLANTED[fault] for fault in of_payments)
        + KEPT_OF_REPEATED.get(tool, 0),
        "household_member": n_people * MONTHS - PLANTED["payment_without_member"],
        "livelihood": 2 * n_people,
    }


def with_evalkit(folder: Path, *, is_searched: bool) -> Outcome:
    """Failures by planted fault as evalkit lists them, and the accepted tables."""
    from evalkit.errors import IntakeError
    from evalkit.intake import admit

    arguments = {
        "districts": DISTRICTS,
        "first_month": FIRST,
        "data_through": THROUGH,
        "max_rejected_share": 1,
    }
    # The product has no switch for gate 1, so only the benchmark can leave it out.
    gate = (
        nullcontext()
        if is_searched
        else mock.patch("evalkit.intake.admission.admit.refuse_personal_numbers")
    )
    try:
        with gate:
            admission = admit(folder, ROOT / "data_contracts", **arguments)
    except IntakeError as refusal:
        # It names the first lines of each column and counts the others.
        return _failures(
            "personal_number", pl.Series(range(1, int(str(refusal).split()[0]) + 1))
        ), {}
    faults = {
        "income_support:district_known": "bad_district",
        "income_support:amount_in_range": "negative_amount",
        "income_support:household_has_members": "payment_without_member",
        "income_support:key_not_repeated": "repeated_key",
        "livelihood:no_overlap": "overlap",
        "household_member:person_known": "unknown_person",
    }
    fault = (pl.col("table") + ":" + pl.col("rule")).replace(faults)
    return admission.rejected.select(
        fault.alias("fault"), pl.col("line").cast(pl.UInt32).alias("row")
    ), admission.tables


def only_reading(folder: Path, *, is_searched: bool) -> Outcome:
    """The same files read and nothing asked of them."""
    for table in TABLES:
        _table(folder, table)
    return NO_FAILURES, {}


def _failures(fault: str, rows: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"row": rows}).select(
        pl.lit(fault).alias("fault"), pl.col("row").cast(pl.UInt32)
    )


def _table(folder: Path, table: str, **options: Any) -> pl.DataFrame:
    if (folder / f"{table}.parquet").exists():
        return pl.read_parquet(folder / f"{table}.parquet", **options)
    typed = {"amount": pl.Float64} if table == "income_support" else {}
    return pl.read_csv(
        folder / f"{table}.csv",
        separator=";",
        decimal_comma=True,
        try_parse_dates=True,
        schema_overrides=typed,
        quote_char=None,
        **options,
    )


def _read(folder: Path) -> dict[str, pl.DataFrame]:
    # A line of a CSV file is counted with the one of the column names.
    first = 1 if (folder / "person.parquet").exists() else 2
    tables = {
        table: _table(folder, table, row_index_name="row", row_index_offset=first)
        for table in TABLES
    }
    # Sorted, so that both peers can tell an overlap by the latest end so far, as evalkit does.
    return tables | {
        "livelihood": tables["livelihood"].sort(
            "person_id", "start", pl.col("end").fill_null(date.max)
        )
    }


def _with_references(found: list[pl.DataFrame], tables: dict[str, pl.DataFrame]) -> Outcome:
    # Of what polars offers these are the quickest; here streaming is, by a third.
    left, persons = dict(tables), tables["person"]["person_id"].implode()
    for name in ("household_member", "livelihood"):
        is_known = left[name].select(pl.col("person_id").is_in(persons)).to_series()
        found.append(_failures("unknown_person", left[name].filter(~is_known)["row"]))
        left[name] = left[name].filter(is_known)
    members, paid = (
        left["household_member"].lazy().select("household_id", "month"),
        left["income_support"],
    )
    orphans = (
        paid.lazy()
        .join(members, on=["household_id", "month"], how="anti")
        .select("row")
        .collect(engine="streaming")["row"]
    )
    found.append(_failures("payment_without_member", orphans))
    left["income_support"] = paid.filter(~pl.col("row").is_in(orphans.implode()))
    return pl.concat(found), left


def _holds_number(*ids: str, amount: str | None = None) -> pl.Expr:
    from evalkit.ids import PERSONAL_NUMBER

    sizes = [pl.col(amount).abs() >= 1e8] if amount else []
    return pl.any_horizontal(
        *[pl.col(column).str.contains(PERSONAL_NUMBER) for column in ids], *sizes
    )


def _begins_too_early() -> pl.Expr:
    latest = pl.col("end").fill_null(date.max).cum_max().shift(1).over("person_id")
    return (pl.col("start") < latest).fill_null(False)


def _dataframely_schemas(*, is_searched: bool) -> dict[str, type]:
    import dataframely as dy

    class Persons(dy.Schema):
        row = dy.UInt32(nullable=True)
        person_id = dy.String(primary_key=True)
        district = dy.String(nullable=False, check=lambda column: column.is_in(DISTRICTS))

        if is_searched:

            @dy.rule()
            def no_personal_number(cls) -> pl.Expr:
                return ~_holds_number("person_id")

    class Payments(dy.Schema):
        row = dy.UInt32(nullable=True)
        household_id = dy.String(primary_key=True)
        month = dy.Date(
            primary_key=True, min=FIRST, max=THROUGH, check=lambda column: column.dt.day() == 1
        )
        district = dy.String(nullable=False, check=lambda column: column.is_in(DISTRICTS))
        amount = dy.Float64(nullable=True, min=0)
        currency = dy.String(nullable=True, regex="^[A-Z]{3}$")

        @dy.rule()
        def amount_has_currency(cls) -> pl.Expr:
            return pl.col("amount").is_null() == pl.col("currency").is_null()

        if is_searched:

            @dy.rule()
            def no_personal_number(cls) -> pl.Expr:
                return ~_holds_number("household_id", amount="amount")

    class Members(dy.Schema):
        row = dy.UInt32(nullable=True)
        household_id = dy.String(primary_key=True)
        person_id = dy.String(primary_key=True)
        month = dy.Date(
            primary_key=True, min=FIRST, max=THROUGH, check=lambda column: column.dt.day() == 1
        )
        role = dy.String(
            nullable=False, check=lambda column: column.is_in(["lead", "co_applicant", "child"])
        )

        if is_searched:

            @dy.rule()
            def no_personal_number(cls) -> pl.Expr:
                return ~_holds_number("household_id", "person_id")

    class Livelihood(dy.Schema):
        row = dy.UInt32(nullable=True)
        person_id = dy.String(primary_key=True)
        start = dy.Date(primary_key=True, max=LAST_DAY, check=lambda column: column.dt.day() == 1)
        end = dy.Date(nullable=True, check=lambda column: column.dt.day() == 1)
        state = dy.String(nullable=False, check=lambda column: column.is_in(LIVELIHOODS))

        @dy.rule()
        def end_after_start(cls) -> pl.Expr:
            return (pl.col("end") > pl.col("start")).fill_null(True)

        @dy.rule()
        def no_overlap(cls) -> pl.Expr:
            return ~_begins_too_early()

        if is_searched:

            @dy.rule()
            def no_personal_number(cls) -> pl.Expr:
                return ~_holds_number("person_id")

    return {
        "person": Persons,
        "income_support": Payments,
        "household_member": Members,
        "livelihood": Livelihood,
    }


def _validated_by_dataframely(
    folder: Path, schemas: dict[str, type]
) -> tuple[list[pl.DataFrame], dict[str, pl.DataFrame]]:
    tables = _read(folder)
    faults = {
        "income_support:district|check": "bad_district",
        "income_support:amount|min": "negative_amount",
        "income_support:primary_key": "repeated_key",
        "income_support:no_personal_number": "personal_number",
        "livelihood:no_overlap": "overlap",
    }
    passed, found = {}, [NO_FAILURES]
    for name, schema in schemas.items():
        passed[name], failures = schema.filter(tables.pop(name))
        found += _broken(
            failures, {rule: faults.get(f"{name}:{rule}", rule) for rule in failures.counts()}
        )
    return found, passed


def _broken(failures: Any, faults: dict[str, str]) -> list[pl.DataFrame]:
    details = failures.details()
    return [
        _failures(fault, details.filter(pl.col(rule) == "invalid")["row"])
        for rule, fault in faults.items()
    ]


def with_dataframely(folder: Path, *, is_searched: bool) -> Outcome:
    """Failures by planted fault as dataframely finds them, foreign keys by its collections, and the
    rows that pass.
    """
    import dataframely as dy

    schemas = _dataframely_schemas(is_searched=is_searched)
    persons, payments, members, periods = schemas.values()
    key = ["household_id", "month"]

    class People(dy.Collection):
        person: Annotated[dy.LazyFrame[persons], dy.CollectionMember(ignored_in_filters=True)]
        household_member: dy.LazyFrame[members]
        livelihood: dy.LazyFrame[periods]

        @dy.filter()
        def unknown_person(self) -> pl.LazyFrame:
            return self.person.select("person_id")

    class Paid(dy.Collection):
        household_member: Annotated[
            dy.LazyFrame[members], dy.CollectionMember(ignored_in_filters=True)
        ]
        income_support: dy.LazyFrame[payments]

        @dy.filter()
        def payment_without_member(self) -> pl.LazyFrame:
            return dy.require_relationship_one_to_at_least_one(
                self.income_support, self.household_member, key, drop_duplicates=False
            )

    found, left = _validated_by_dataframely(folder, schemas)
    for collection in (People, Paid):
        linked, failures = collection.filter(
            {name: left[name] for name in collection.members()}, skip_member_validation=True
        )
        for name, table in linked.collect_all().to_dict().items():
            left[name] = table.collect()
            found += (
                _broken(failures[name], {rule: rule for rule in failures[name].counts()})
                if name in failures
                else []
            )
    return pl.concat(found), left


def with_dataframely_and_polars(folder: Path, *, is_searched: bool) -> Outcome:
    """The same with the foreign keys looked up by polars."""
    return _with_references(
        *_validated_by_dataframely(folder, _dataframely_schemas(is_searched=is_searched))
    )


def _pandera_schemas(*, is_searched: bool) -> dict[str, Any]:
    import pandera.polars as pa

    def holds(name: str, expression: pl.Expr) -> pa.Check:
        return pa.Check(lambda data: data.lazyframe.select(expression), name=name)

    def search(*ids: str, amount: str | None = None) -> list[pa.Check]:
        return (
            [holds("no_personal_number", ~_holds_number(*ids, amount=amount))]
            if is_searched
            else []
        )

    first_day = [
        pa.Check.in_range(FIRST, THROUGH),
        holds("first_day", pl.col("month").dt.day() == 1),
    ]
    persons = pa.DataFrameSchema(
        {
            "person_id": pa.Column(pl.String),
            "district": pa.Column(pl.String, pa.Check.isin(DISTRICTS)),
        },
        checks=search("person_id"),
        unique=["person_id"],
    )
    payments = pa.DataFrameSchema(
        {
            "household_id": pa.Column(pl.String),
            "month": pa.Column(pl.Date, first_day),
            "district": pa.Column(pl.String, pa.Check.isin(DISTRICTS)),
            "amount": pa.Column(pl.Float64, pa.Check.ge(0), nullable=True),
            "currency": pa.Column(pl.String, pa.Check.str_matches("^[A-Z]{3}$"), nullable=True),
        },
        checks=[
            holds(
                "amount_has_currency", pl.col("amount").is_null() == pl.col("currency").is_null()
            ),
            *search("household_id", amount="amount"),
        ],
        unique=["household_id", "month"],
    )
    members = pa.DataFrameSchema(
        {
            "household_id": pa.Column(pl.String),
            "person_id": pa.Column(pl.String),
            "month": pa.Column(pl.Date, first_day),
            "role": pa.Column(pl.String, pa.Check.isin(["lead", "co_applicant", "child"])),
        },
        checks=search("household_id", "person_id"),
        unique=["household_id", "person_id", "month"],
    )
    livelihood = pa.DataFrameSchema(
        {
            "person_id": pa.Column(pl.String),
            "start": pa.Column(
                pl.Date, [pa.Check.le(LAST_DAY), holds("first_day", pl.col("start").dt.day() == 1)]
            ),
            "end": pa.Column(
                pl.Date, holds("first_day", pl.col("end").dt.day() == 1), nullable=True
            ),
            "state": pa.Column(pl.String, pa.Check.isin(LIVELIHOODS)),
        },
        checks=[
            holds("end_after_start", (pl.col("end") > pl.col("start")).fill_null(True)),
            holds("no_overlap", ~_begins_too_early()),
            *search("person_id"),
        ],
        unique=["person_id", "start"],
    )

    return {
        "person": persons,
        "income_support": payments,
        "household_member": members,
        "livelihood": livelihood,
    }


def with_pandera(folder: Path, *, is_searched: bool) -> Outcome:
    """Failures by planted fault as pandera finds them, and the rows that pass."""
    from pandera.errors import SchemaErrors

    schemas, tables = _pandera_schemas(is_searched=is_searched), _read(folder)

    faults = {
        "isin": "bad_district",
        "greater_than_or_equal_to": "negative_amount",
        "no_overlap": "overlap",
        "no_personal_number": "personal_number",
        "multiple_fields_uniqueness": "repeated_key",
    }
    found = [NO_FAILURES]

    def passing(table: str) -> pl.DataFrame:
        rows = tables.pop(table)
        try:
            return schemas[table].validate(rows, lazy=True)
        except SchemaErrors as fault:
            cases = fault.failure_cases.select(
                "index", rule=pl.col("check").cast(pl.String).str.extract("^([a-z_]+)")
            ).unique()
        for (rule,), failing in cases.group_by("rule"):
            found.append(_failures(faults.get(rule, rule), rows["row"].gather(failing["index"])))
        return rows.filter(~pl.int_range(pl.len()).is_in(cases["index"].unique().implode()))

    passed = {
        table: passing(table)
        for table in ("person", "income_support", "household_member", "livelihood")
    }
    return _with_references(found, passed)


WORK = {
    "evalkit": with_evalkit,
    "dataframely": with_dataframely,
    "dataframely and polars": with_dataframely_and_polars,
    "pandera": with_pandera,
}
READING = "reading"


def run_one(tool: str, folder: Path, *, is_searched: bool) -> None:
    """Run one tool in this process and print its counts, rows handed over, seconds, processor
    seconds and peak memory as JSON.
    """
    work = only_reading if tool == READING else WORK[tool]
    started, began = time.perf_counter(), time.process_time()
    found, left = work(folder, is_searched=is_searched)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - began
    rows = dict(found.sort("row").group_by("fault", maintain_order=True).agg("row").rows())
    n_left = {name: table.height for name, table in left.items()}
    print(
        json.dumps(
            {
                "found": rows,
                "left": n_left,
                "seconds": seconds,
                "cpu_seconds": cpu_seconds,
                "peak_mb": _peak_mb(),
            }
        )
    )


def _peak_mb() -> float:
    # Linux hands ru_maxrss on from the process that starts another; this one counts from the start
    # of this program.
    (peak,) = [
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]
    return int(peak.split()[1]) / 1024


def check_search() -> None:
    """Every tool finds the personal numbers of a small extract."""
    with tempfile.TemporaryDirectory() as folder:
        make_extract(Path(folder), 1000 * MONTHS, is_shuffled=False, n_numbers=N_NUMBERS)
        for tool, work in WORK.items():
            found = (
                work(Path(folder), is_searched=True)[0]
                .filter(pl.col("fault") == "personal_number")
                .height
            )
            assert found == N_NUMBERS, f"{tool} finds {found} of {N_NUMBERS} personal numbers"


def check_outcome(tool: str, run: dict, own: dict, n_rows: int) -> None:
    """A tool finds what is planted, in the rows in which evalkit finds it, and hands over the rows
    that are left.
    """
    planted = {fault: n for fault, n in PLANTED.items() if n}
    if tool != "evalkit":
        # The peers find both of two rows with the same key.
        planted["repeated_key"] *= 2
    counts = {fault: len(rows) for fault, rows in run["found"].items()}
    assert counts == planted, f"{tool} finds {counts}, planted {planted}"
    others = [
        fault for fault in planted if not set(own["found"][fault]) <= set(run["found"][fault])
    ]
    assert not others, f"{tool} finds other rows: {', '.join(others)}"
    assert rows_left(n_rows, tool).items() <= run["left"].items(), (
        f"{tool} hands over {run['left']}"
    )


def measure(
    n_rows: int, rounds: int, *, is_shuffled: bool, is_csv: bool, is_searched: bool
) -> dict[str, dict[str, float]]:
    """The medians of each tool at one size: the tools alternate, and no time counts before its
    counts are the planted ones.
    """
    loads = []
    with tempfile.TemporaryDirectory() as folder:
        make_extract(Path(folder), n_rows, is_shuffled=is_shuffled, is_csv=is_csv)
        results: dict[str, list[dict]] = {tool: [] for tool in (*WORK, READING)}
        for _ in range(rounds):
            for tool in results:
                loads.append(os.getloadavg()[0])
                command = [
                    sys.executable,
                    __file__,
                    "--tool",
                    tool,
                    "--folder",
                    folder,
                    *([] if is_searched else ["--without-search"]),
                ]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    print(f"{tool} did not run: {done.stderr.strip().splitlines()[-1]}")
                    continue
                run = json.loads(done.stdout.strip().splitlines()[-1])
                if tool != READING:
                    check_outcome(
                        tool, run, results["evalkit"][0] if results["evalkit"] else run, n_rows
                    )
                results[tool].append(run)
    order = (
        f"{'CSV' if is_csv else 'Parquet'}, "
        f"{'shuffled' if is_shuffled else 'in the order of their keys'}"
    )
    search = "personal numbers searched for" if is_searched else "no search for personal numbers"
    print(
        f"{n_rows:,} payment rows, as many members, {2 * n_rows // MONTHS:,} periods, {order}; "
        f"{search}; {rounds} rounds; rows found and left equal"
    )
    print(
        f"load of the machine {min(loads):.1f} to {max(loads):.1f} on {os.cpu_count()} processors"
    )
    return {
        tool: {what: statistics.median(run[what] for run in runs) for what in MEASURES}
        for tool, runs in results.items()
        if runs
    }


def print_ratios(medians: dict[str, dict[str, float]]) -> None:
    """Each tool's medians, and how many times evalkit's they are."""
    own, reading = medians["evalkit"], medians[READING]["seconds"]
    for tool, median in medians.items():
        ratios = {what: median[what] / own[what] for what in MEASURES}
        print(
            f"{tool:<23} {median['seconds']:8.2f} s ({ratios['seconds']:5.2f} x evalkit)"
            f" {median['cpu_seconds']:8.2f} s of processor ({ratios['cpu_seconds']:5.2f} x)"
            f" {median['peak_mb']:8.0f} MB at most ({ratios['peak_mb']:5.2f} x)"
        )
    beyond = {
        tool: (median["seconds"] - reading) / (own["seconds"] - reading)
        for tool, median in medians.items()
        if tool in WORK
    }
    print(
        "beyond reading, times evalkit's: "
        + ", ".join(f"{tool} {ratio:.2f}" for tool, ratio in beyond.items())
    )
    print()


def print_growth(by_size: dict[int, dict[str, dict[str, float]]]) -> None:
    """Seconds for a million payment rows by size: level where time grows as the rows do."""
    print("seconds for a million payment rows")
    for tool in next(iter(by_size.values())):
        print(
            f"{tool:<23}"
            + "".join(
                f"{medians[tool]['seconds'] * 1e6 / size:10.2f}"
                for size, medians in by_size.items()
            )
        )
    print(f"{'rows':<23}" + "".join(f"{size:>10,}" for size in by_size))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 5_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--shuffled", action="store_true", help="rows in random order, which no system exports"
    )
    parser.add_argument(
        "--csv", action="store_true", help="CSV as municipalities write it instead of Parquet"
    )
    parser.add_argument(
        "--without-search", action="store_true", help="no tool searches for personal numbers"
    )
    parser.add_argument("--tool", choices=[*WORK, READING])
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.tool:
        run_one(arguments.tool, arguments.folder, is_searched=not arguments.without_search)
        return
    check_search()
    by_size = {}
    for n_rows in arguments.rows:
        by_size[n_rows] = measure(
            n_rows,
            arguments.rounds,
            is_shuffled=arguments.shuffled,
            is_csv=arguments.csv,
            is_searched=not arguments.without_search,
        )
        print_ratios(by_size[n_rows])
    print_growth(by_size)


if __name__ == "__main__":
    main()
