"""The command line: `evalkit run`, `check`, `simulate`, `schema`, `params`, `scenario`, `drift`,
`pseudonymise`, `contract` and `tables`.

Results go to the standard output, progress and errors to the standard error.
Exit codes: 0 ok, 1 some units failed, 2 usage or parameters, 3 contract violated, 4 disclosure, 130
interrupted. Everything heavy is imported inside the command that needs it, so that --help is quick.
"""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from evalkit import __version__
from evalkit.errors import BatchError, EvalkitError, ParameterError
from evalkit.vocabulary import SENDER_LANGUAGE

if TYPE_CHECKING:
    from evalkit.batch.staleness import Decision
    from evalkit.intake import Admission
    from evalkit.params import Run

app = typer.Typer(
    name="evalkit",
    help="Which labour-market interventions pay off, for whom, and how sure are we?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
contract_app = typer.Typer(
    help="Data contracts: propose a mapping, write templates and documentation.",
    no_args_is_help=True,
)
app.add_typer(contract_app, name="contract")
params_app = typer.Typer(
    help="Parameters: where a value comes from, how sure it is and where it is used.",
    no_args_is_help=True,
)
app.add_typer(params_app, name="params")
RunFileArgument = Annotated[
    Path, typer.Argument(help="The run's YAML file, for example params/northern_ireland.yaml.")
]
ContractsOption = Annotated[Path, typer.Option(help="The folder of the data contracts.")]
FolderOption = Annotated[Path, typer.Option("--out", help="The folder to write to.")]
OutOption = Annotated[Path, typer.Option(help="The folder that holds the runs' folders.")]


_SMALLEST_CHANGE = 0.05


def _show_version(is_asked: bool) -> None:  # noqa: FBT001 - typer hands it on by place
    if is_asked:
        typer.echo(f"evalkit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and stop."
        ),
    ] = False,
) -> None:
    """The options that stand before a command."""


@app.command()
def run(
    run_file: RunFileArgument,
    *,
    out: OutOption = Path("runs"),
    jobs: Annotated[
        int, typer.Option(min=0, help="How many units at a time; 0 is one per core.")
    ] = 0,
    only: Annotated[
        str | None,
        typer.Option(
            help="Only units like this, and what they build on: "
            '"district/*", "intervention/05_effects@*", "*@belfast".'
        ),
    ] = None,
    time_limit: Annotated[
        float, typer.Option(min=1, help="Seconds that one unit may take.")
    ] = 3600,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done and why; do nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Run the units even if they are current.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Give the result as JSON.")] = False,
) -> None:
    """Bring a run up to date: execute its notebooks, as far as anything has changed, and write the
    report.
    """
    from evalkit.batch.manifest import read_attempts
    from evalkit.batch.outcome import summary, summary_as_record
    from evalkit.batch.plan import plan_run
    from evalkit.batch.progress import make_display
    from evalkit.batch.run import Options, run_batch
    from evalkit.batch.staleness import decide
    from evalkit.batch.vintage import prepare_run

    prepared = prepare_run(run_file, out=out)
    _refuse_faulty_files(prepared)
    units = plan_run(prepared)
    if dry_run:
        decisions = decide(units, prepared, read_attempts(prepared.run_dir), only=only, force=force)
        typer.echo(_decisions_as_text(decisions, as_json=as_json))
        return
    options = Options(jobs=jobs, only=only, force=force, time_limit_seconds=time_limit)
    result = run_batch(prepared, units, options, make_display())
    typer.echo(
        json.dumps(summary_as_record(result), ensure_ascii=False, indent=2)
        if as_json
        else summary(result)
    )
    raise typer.Exit(result.exit_code)


@app.command()
def check(
    run_file: Annotated[
        Path | None,
        typer.Argument(help="The run's YAML file; without it --extract says what is checked."),
    ] = None,
    extract: Annotated[
        str | None, typer.Option(help="A folder or database to check instead of the run's own.")
    ] = None,
    contracts: ContractsOption = Path("data_contracts"),
    mapping: Annotated[Path | None, typer.Option(help="The mapping file of --extract.")] = None,
    max_listed: Annotated[
        int,
        typer.Option(min=1, help="Rejected rows of --extract to list for each rule of a table."),
    ] = 20,
) -> None:
    """Check without running: parameters, named files and notebooks of a run, and an extract against
    its contracts.
    """
    if run_file is None and extract is None:
        raise typer.BadParameter("name a run file, or an extract by --extract")
    if run_file is None:
        typer.echo(_receipt_of_folder(str(extract), contracts, mapping, max_listed))
        return
    from evalkit.batch.plan import plan_run
    from evalkit.batch.vintage import prepare_run

    prepared = prepare_run(run_file, out=Path("runs"))
    _refuse_faulty_files(prepared)
    units = plan_run(prepared)
    typer.echo(f"parameters  as declared; {len(prepared.inputs)} files found")
    typer.echo(f"notebooks   {len(units)} units for {len(prepared.params.districts)} districts")
    typer.echo(_receipt(prepared, extract, mapping))


@app.command()
def pseudonymise(
    extract: Annotated[Path, typer.Argument(help="The folder of the delivered files.")],
    out: Annotated[Path, typer.Option(help="The folder to write; it must be new or empty.")],
    key: Annotated[
        Path,
        typer.Option(help="The file of the key: outside the project, readable by its owner only."),
    ],
    contracts: ContractsOption = Path("data_contracts"),
    mapping: Annotated[Path | None, typer.Option(help="The mapping file of the extract.")] = None,
) -> None:
    """Copy an extract with ids and personal numbers replaced by a keyed hash (HMAC-SHA256)."""
    from evalkit.intake import load_contracts, read_key
    from evalkit.intake import pseudonymise as replace_ids

    secret = read_key(key, project=Path.cwd())
    done = replace_ids(extract, out, load_contracts(contracts), key=secret, mapping=mapping)
    for name, n_replaced in done.written.items():
        typer.echo(f"{n_replaced:>11,} cells replaced in {name}")
    if done.left_out:
        typer.echo(f"left out, since no contract names them: {', '.join(done.left_out)}")


@contract_app.command("init")
def contract_init(
    file: Annotated[Path, typer.Argument(help="A delivered file.")],
    table: Annotated[
        str | None, typer.Option(help="The table that it holds; without it the one that fits best.")
    ] = None,
    contracts: ContractsOption = Path("data_contracts"),
) -> None:
    """Propose a mapping file from a file's column names, to be read and mended by somebody who
    knows the system.
    """
    from evalkit.intake import load_contracts, propose_mapping

    typer.echo(propose_mapping(file, load_contracts(contracts), table=table), nl=False)


@contract_app.command("template")
def contract_template(
    out: FolderOption,
    contracts: ContractsOption = Path("data_contracts"),
    language: Annotated[
        str, typer.Option(help="The language of headings and drop-downs.")
    ] = SENDER_LANGUAGE,
) -> None:
    """Write Excel templates with drop-downs, and a data dictionary, in the senders' language."""
    from evalkit.intake import load_contracts, write_templates

    for path in write_templates(load_contracts(contracts), out, language=language):
        typer.echo(str(path))


@contract_app.command("docs")
def contract_docs(out: FolderOption, contracts: ContractsOption = Path("data_contracts")) -> None:
    """Write the contracts as pages that open offline, one per language."""
    from evalkit.intake import load_contracts, write_documentation

    for path in write_documentation(load_contracts(contracts), out):
        typer.echo(str(path))


@params_app.command("explain")
def params_explain(
    key: Annotated[
        str,
        typer.Argument(help="The key of a parameter, for example municipal_tax.stockholm or wage."),
    ],
    folder: Annotated[Path, typer.Option(help="The folder of the parameters.")] = Path("params"),
) -> None:
    """Print a parameter's values with period, source and grade, and where it is used."""
    from evalkit.economics import explain

    typer.echo("\n".join(explain(key, folder)))


@app.command()
def scenario(
    files: Annotated[
        list[Path], typer.Argument(help="Files of params/scenarios/; each is run by itself.")
    ],
) -> None:
    """Run what-if scenarios and print the numbers that each one moves, per participant."""
    from evalkit.economics import run_scenario

    for file in files:
        table = run_scenario(file)
        moved = table.filter((table["change"].abs() > _SMALLEST_CHANGE) | table["is_named"])
        money = (
            f"{table['currency'][0]} at prices of {table['price_year'][0]}, months for "
            "work_months and return_month"
        )
        typer.echo(f"{table['scenario'][0]}  (grade {table['grade'][0]}; {money})")
        for row in moved.iter_rows(named=True):
            before, after = (
                f"{row[side]:,.1f}" if row[side] is not None else "never"
                for side in ("before", "after")
            )
            typer.echo(
                f"  {'*' if row['is_named'] else ' '} {row['number']:<32}{before:>16} -> "
                f"{after:>16}"
            )


@app.command()
def drift(
    before: Annotated[Path, typer.Argument(help="The folder of the older run.")],
    after: Annotated[Path, typer.Argument(help="The folder of the newer run.")],
    book_before: Annotated[
        Path | None, typer.Option(help="The older run's price book, if its file has changed since.")
    ] = None,
) -> None:
    """Say why values moved between two runs: method, data and parameters, step by step."""
    from evalkit.economics import drift as steps_between
    from evalkit.economics import price_book_of_run, read_vintage
    from evalkit.params import read_run
    from evalkit.spells import occupied_places
    from evalkit.tables import read_table

    vintages = []
    for folder, book in ((before, book_before), (after, None)):
        vintage = read_run(folder)
        value = vintage.params.value.model_copy(
            update={"price_book": book.resolve()} if book else {}
        )
        vintage = vintage.model_copy(
            update={"params": vintage.params.model_copy(update={"value": value})}
        )
        occupied = occupied_places(
            read_table(folder, "episodes"), vintage.params.extract.follow_up_through
        )
        vintages.append(
            read_vintage(
                folder,
                price_book_of_run(vintage, occupied),
                horizon_months=value.horizon_months,
            )
        )
    for (district, intervention_id, perspective), rows in (
        steps_between(*vintages)
        .partition_by(
            "district", "intervention_id", "perspective", as_dict=True, maintain_order=True
        )
        .items()
    ):
        typer.echo(
            f"{district}, {intervention_id}, {perspective} ({rows['currency'][0]} per participant)"
        )
        for step, amount, total in rows.select("step", "amount", "total").iter_rows():
            moved = "" if step in ("before", "after") else f"{round(amount) + 0:+,}"
            typer.echo(f"  {step:<12}{moved:>12}{total:>14,.0f}")


@app.command()
def simulate(
    out: Annotated[
        Path,
        typer.Option(
            help="The folder that the city is written to; an earlier city there is replaced."
        ),
    ],
    city: Annotated[
        str, typer.Option(help="A city of params/cities/, or the path of its YAML file.")
    ] = "stockholm",
    seed: Annotated[
        int, typer.Option(min=0, help="The seed: the same seed gives the same city.")
    ] = 1,
    people: Annotated[int, typer.Option(min=2, help="How many adults; even.")] = 30_000,
    hidden_selection: Annotated[
        float,
        typer.Option(
            help="Stress: selection on what no table holds (log rate per standard deviation)."
        ),
    ] = 0.0,
    world: Annotated[
        list[str] | None,
        typer.Option(
            help="Stress: a world that the city's file declares, with its switches on; may be "
            "given again."
        ),
    ] = None,
    truth_people: Annotated[
        int, typer.Option(min=0, help="How many of the people serve the truth; 0 writes none.")
    ] = 12_000,
    price_book: Annotated[
        Path | None,
        typer.Option(
            help="The price book that values the truth, for example "
            "params/unit_costs/stockholm.yaml."
        ),
    ] = None,
) -> None:
    """Write the tables of a simulated city, and its truth to a folder beside them (OUT_truth)."""
    from evalkit.economics import load_price_book
    from evalkit.simulate import load_city, write_city

    written = write_city(
        load_city(city, worlds=world or ()),
        out,
        seed=seed,
        n_people=people,
        hidden_selection=hidden_selection,
        n_truth_people=truth_people,
        price_book=load_price_book(price_book).model_dump() if price_book else None,
    )
    lines = [f"{name:<18}{count:>12,} rows" for name, count in sorted(written.rows.items())]
    truth = f"; the truth to {written.truth}, apart" if written.truth else ""
    typer.echo("\n".join([*lines, f"written to {written.folder}{truth}"]))


@app.command()
def schema(
    out: Annotated[
        Path, typer.Option(help="The folder that the JSON Schemas are written to.")
    ] = Path("params/schema"),
) -> None:
    """Write the JSON Schemas of run files, protocols, price books, dated parameters and scenarios,
    by which editors check and complete them.
    """
    from evalkit.economics import DatedFile, Scenario, WhatIf
    from evalkit.effects import Protocol
    from evalkit.line.price_book import PriceBookFile
    from evalkit.params import RunFile

    out.mkdir(parents=True, exist_ok=True)
    models = {
        "run": RunFile,
        "protocol": Protocol,
        "price_book": PriceBookFile,
        "rates": DatedFile,
        "scenario": Scenario,
        "what_if": WhatIf,
    }
    for name, model in models.items():
        path = out / f"{name}.json"
        path.write_text(
            json.dumps(model.model_json_schema(), ensure_ascii=False, indent=2) + "\n",
            encoding="utf-8",
        )
        typer.echo(str(path))


@app.command()
def tables(
    out: Annotated[Path, typer.Option(help="The page that is written.")] = Path("docs/tables.md"),
) -> None:
    """Write the documentation of all tables: what a row is, keys, values, types and units, and what
    disclosure control withholds.
    """
    from evalkit.line.documentation import documentation

    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(documentation(), encoding="utf-8")
    typer.echo(str(out))


def main() -> None:
    """The entry point: errors of evalkit's own family, and files that cannot be used, become four
    lines and an exit code.
    """
    try:
        app()
    except EvalkitError as fault:
        _end(fault)
    except OSError as fault:
        if fault.filename is None:
            raise
        _end(
            BatchError(
                "A file or folder could not be read or written.",
                where=str(fault.filename),
                why=f"The operating system says: {fault.strerror}.",
                fix="check the path, what it may be used for by you, and the space that is left.",
            )
        )


def _end(fault: EvalkitError) -> NoReturn:
    typer.echo(f"{type(fault).__name__}: {fault}", err=True)
    raise SystemExit(fault.exit_code)


def _decisions_as_text(decisions: "tuple[Decision, ...]", *, as_json: bool) -> str:
    if as_json:
        return json.dumps(
            [{"unit": d.unit.name, "action": d.action, "reason": d.reason} for d in decisions],
            indent=2,
        )
    lines = [
        f"{decision.action:<8} {decision.unit.name}  ({decision.reason})" for decision in decisions
    ]
    n_to_run = sum(decision.action == "run" for decision in decisions)
    return "\n".join([*lines, f"{n_to_run} of {len(decisions)} units would run; nothing was done"])


def _refuse_faulty_files(prepared: "Run") -> None:
    """Read the protocols and the price book that a run names, so that a faulty one is refused
    before anything runs.

    What would otherwise fail late is looked at as well: texts missing in a language of the run,
    columns that a protocol asks for, values that the report has no word for, a horizon that does
    not cover a follow-up, outcomes in which nobody is said to pay, and target groups that no
    protocol declares.
    """
    from evalkit.allocation import refuse_undeclared
    from evalkit.economics import load_price_book, refuse_horizon, refuse_unknown_states
    from evalkit.effects import DeliveredColumn, load_protocols, refuse_unusable_columns, term_names
    from evalkit.intake import contracts_of_run
    from evalkit.words import refuse_missing_texts, refuse_missing_words

    _refuse_unsaid_simulation(prepared)
    protocols = load_protocols(prepared)
    value, run_file = prepared.params.value, prepared.run_file
    book = load_price_book(prepared.path(value.price_book)) if value.price_book else None
    records = {f"protocol {protocol.protocol}": protocol for protocol in protocols}
    refuse_missing_texts(prepared, records | ({"price book": book} if book else {}))
    if not protocols:
        return
    if book:
        for protocol in protocols:
            where = f"{run_file}, value.horizon_months; protocol {protocol.protocol}"
            refuse_horizon(value.horizon_months, protocol.follow_up_months, book, where=where)
            refuse_unknown_states(protocol.outcomes, book)
    refuse_undeclared(
        prepared.params.allocation.target_groups,
        {group.name for protocol in protocols for group in protocol.subgroups},
    )
    contracts = contracts_of_run(prepared).items()
    columns = {
        table: {
            column.name: DeliveredColumn(column.kind, column.allowed) for column in contract.columns
        }
        for table, contract in contracts
    }
    refuse_unusable_columns(protocols, columns)
    needed: dict[str, str] = {}
    for protocol in protocols:
        source = f"protocol {protocol.protocol}"
        needed |= dict.fromkeys(term_names(protocol), f"{source}, covariates")
        needed |= dict.fromkeys(
            [name for outcome in protocol.outcomes for name in (outcome, f"months_{outcome}")],
            f"{source}, outcomes",
        )
        needed |= (
            {protocol.other_intervention_id: f"{source}, other_intervention_id"}
            if protocol.other_intervention_id
            else {}
        )
    needed |= dict.fromkeys(
        prepared.params.effects.district_models.values(), "effects.district_models"
    )
    refuse_missing_words(prepared, needed)


def _refuse_unsaid_simulation(prepared: "Run") -> None:
    from evalkit.simulate import is_simulated

    folder = prepared.extract_place
    if (
        isinstance(folder, Path)
        and not prepared.params.extract.is_simulated
        and is_simulated(folder)
    ):
        raise ParameterError(
            "The extract is a simulated city, and the run file does not say so.",
            where=f"{prepared.run_file}, extract.is_simulated; {folder}/README.md",
            why="Its numbers would bear the grade of what was read at an authority, and readers "
            "would take them for real.",
            fix="set extract.is_simulated: true in the run file.",
        )


def _receipt(prepared: "Run", other_extract: str | None, other_mapping: Path | None) -> str:
    """What intake counts of a run's extract; spells and trials are made of it as well, so that
    what would stop the run is found here.
    """
    from evalkit.effects import (
        load_protocols,
        refuse_unfollowed_states,
        refuse_unknown_interventions,
    )
    from evalkit.intake import admit_run
    from evalkit.spells import build_spells

    admission = admit_run(prepared, extract=other_extract, mapping=other_mapping)
    protocols = load_protocols(prepared)
    refuse_unknown_interventions(protocols, admission.tables["intervention"])
    built = build_spells(admission.tables, prepared.params)
    lives = built["state_intervals"].join(built["support_spells"], on="person_id", how="semi")
    for protocol in protocols:
        refuse_unfollowed_states(lives["from_state"].unique(), protocol)
    return _as_lines(admission)


def _receipt_of_folder(extract: str, contracts: Path, mapping: Path | None, max_listed: int) -> str:
    """What intake counts of a bare extract, with rejections and assumptions; any district and
    month will do, however many rows are set aside.
    """
    from datetime import date

    from evalkit.intake import admit

    admission = admit(
        extract,
        contracts,
        districts=(),
        first_month=date(1900, 1, 1),
        data_through=date(2100, 12, 1),
        mapping=mapping,
        max_rejected_share=1,
        max_listed_per_rule=max_listed,
    )
    listed = admission.rejected.iter_rows(named=True)
    lines = [
        f"{row['file']} line {row['line']}: {row['sentence']} ({row['rule']})" for row in listed
    ]
    notes = [
        f"{row['file'] or row['table']}: {row['assumption']}"
        for row in admission.assumptions.iter_rows(named=True)
    ]
    return "\n".join([_as_lines(admission), "", *lines, *([""] if lines else []), *notes])


def _as_lines(admission: "Admission") -> str:
    from evalkit.intake import intake_counts

    lines = [f"{'extract':<34}{'delivered':>11}{'accepted':>11}{'rejected':>11}"]
    n_listed = Counter(admission.rejected.select("table", "rule").rows())
    for row in intake_counts(admission).iter_rows(named=True):
        name = row["table"] if row["rule"] == "all" else f"  {row['table']}: {row['rule']}"
        counts = [row[count] for count in ("n_delivered", "n_accepted", "n_rejected")]
        listed = n_listed[row["table"], row["rule"]]
        cut = (
            f"  (the first {listed:,} are listed)"
            if row["rule"] != "all" and listed < row["n_rejected"]
            else ""
        )
        lines.append(
            "".join(
                [f"{name:<34}", *[f"{'' if count is None else count:>11}" for count in counts], cut]
            )
        )
    return "\n".join(lines)
