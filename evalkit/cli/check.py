"""`evalkit check`."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalkit.cli.faults import refuse_faulty_files
from evalkit.cli.letters import Letters, letters_of_run
from evalkit.cli.options import ContractsOption
from evalkit.vocabulary import SENDER_LANGUAGE

if TYPE_CHECKING:
    from evalkit.intake import Admission
    from evalkit.params import Run


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
    letter: Annotated[
        Path | None,
        typer.Option(
            help="A folder to write a workbook to for each sender: the rows to mend, marked."
        ),
    ] = None,
    returned: Annotated[
        list[Path] | None,
        typer.Option(help="A letter that came back, to lay beside the files that it mends."),
    ] = None,
    language: Annotated[str, typer.Option(help="The language of the letters.")] = SENDER_LANGUAGE,
) -> None:
    """Check without running: parameters, named files and notebooks of a run, and an extract against
    its contracts.
    """
    if run_file is None and extract is None:
        raise typer.BadParameter("name a run file, or an extract by --extract")
    if run_file is None:
        letters = Letters(str(extract), contracts, mapping, letter, language)
        letters.take_back(returned or ())
        typer.echo(_receipt_of_folder(letters, max_listed))
        return
    from evalkit.batch.plan import plan_run
    from evalkit.batch.vintage import prepare_run

    prepared = prepare_run(run_file, out=Path("runs"))
    letters = letters_of_run(prepared, extract, mapping, letter, language)
    letters.take_back(returned or ())
    refuse_faulty_files(prepared)
    letters.write_of_run(prepared)
    units = plan_run(prepared)
    typer.echo(f"parameters  as declared; {len(prepared.inputs)} files found")
    typer.echo(f"notebooks   {len(units)} units for {len(prepared.params.districts)} districts")
    for line in crossed_breaks(prepared):
        typer.echo(line)
    typer.echo(receipt(prepared, extract, mapping))


def crossed_breaks(prepared: "Run") -> list[str]:
    """Which protocols cross a break in law that their models do not allow for."""
    from evalkit.line.calendar import break_months, breaks_of
    from evalkit.line.protocols import load_protocols

    dates = {one.key: f"{one.key} ({one.month:%Y-%m})" for one in breaks_of(prepared)}
    crossed = {
        protocol.protocol: protocol.crossed_breaks(break_months(prepared))
        for protocol in load_protocols(prepared)
    }
    return [
        f"calendar    protocol {name} crosses, and does not allow for: "
        f"{', '.join(dates[key] for key in keys)}; calendar.breaks names those within its trials"
        for name, keys in crossed.items()
        if keys
    ]


def receipt(prepared: "Run", other_extract: str | None, other_mapping: Path | None) -> str:
    """What intake counts of a run's extract; spells and trials are made of it as well, so that
    what would stop the run is found here.
    """
    from evalkit.effects import (
        load_protocols,
        refuse_unfollowed_states,
        refuse_unknown_hours,
        refuse_unknown_interventions,
        refuse_unmet_steps,
    )
    from evalkit.intake import admit_run
    from evalkit.spells import build_spells

    admission = admit_run(prepared, extract=other_extract, mapping=other_mapping)
    protocols = load_protocols(prepared)
    if protocols:
        refuse_unknown_interventions(protocols, admission.tables["intervention"])
    built = build_spells(admission.tables, prepared.params, protocols=protocols)
    lives = built["state_intervals"].join(built["support_spells"], on="person_id", how="semi")
    for protocol in protocols:
        refuse_unknown_hours(built["episodes"], protocol)
        refuse_unmet_steps(built["episodes"], protocol)
        refuse_unfollowed_states(lives["from_state"].unique(), protocol)
    return f"{_as_lines(admission)}\n{_not_delivered(admission)}"


def _not_delivered(admission: "Admission") -> str:
    """The tables that nobody delivered, and what is assumed of households without members."""
    import polars as pl

    from evalkit.intake import deliveries
    from evalkit.intake.admission.lone_adults import NOTE
    from evalkit.line.needs import HOUSEHOLDS

    absent = deliveries(admission).filter(pl.col("delivery") == "not_delivered", column="all")
    names = absent["table"].to_list()
    lines = [f"not delivered  {', '.join(names) or 'nothing that the contracts know'}"]
    return "\n".join([*lines, *([f"{HOUSEHOLDS} {NOTE}"] if HOUSEHOLDS in names else [])])


def _receipt_of_folder(letters: Letters, max_listed: int) -> str:
    """What intake counts of a bare extract, with rejections and assumptions; any district and
    month will do, however many rows are set aside.
    """
    from evalkit.intake import admit_bare

    admission = admit_bare(
        letters.extract,
        letters.contracts,
        mapping=letters.mapping,
        max_rejected_share=1,
        max_listed_per_rule=letters.n_listed(max_listed),
    )
    letters.write(admission)
    return told(admission, max_listed)


def told(admission: "Admission", max_listed: int) -> str:
    """What intake counts of an admission without a run, the first rejections of each rule, and what
    it assumed.
    """
    import polars as pl

    is_listed = pl.int_range(pl.len()).over("table", "rule") < max_listed
    admission = replace(
        admission,
        rejected=admission.rejected.filter(is_listed),
        flagged=admission.flagged.filter(is_listed),
    )
    causes = admission.rejected.filter(pl.col("follows_from").is_null())
    lines = [
        f"{row['file']} line {row['line']}: {row['sentence']} ({row['rule']})"
        for row in pl.concat([causes, admission.flagged]).iter_rows(named=True)
    ]
    lines += [
        f"{row['table']}: {row['n_rejected']:,} more rows are set aside, since they name rows of "
        f"{row['follows_from']} that were; they follow when those are mended"
        for row in admission.consequences.iter_rows(named=True)
    ]
    notes = [
        f"{row['file'] or row['table']}: {row['assumption']}"
        for row in admission.assumptions.iter_rows(named=True)
    ]
    return "\n".join([_as_lines(admission), "", *lines, *([""] if lines else []), *notes])


def _as_lines(admission: "Admission") -> str:
    import polars as pl

    from evalkit.intake import intake_counts

    names = ("delivered", "accepted", "rejected", "flagged")
    lines = [f"{'extract':<34}{''.join(f'{name:>11}' for name in names)}"]
    told = pl.concat([admission.rejected, admission.flagged])
    n_listed = Counter(told.select("table", "rule").rows())
    for row in intake_counts(admission).iter_rows(named=True):
        name = row["table"] if row["rule"] == "all" else f"  {row['table']}: {row['rule']}"
        counts = [row[f"n_{name}"] for name in names]
        listed = n_listed[row["table"], row["rule"]]
        cut = (
            f"  (the first {listed:,} are listed)"
            if row["rule"] != "all" and listed < (row["n_rejected"] or row["n_flagged"])
            else ""
        )
        lines.append(
            "".join(
                [f"{name:<34}", *[f"{'' if count is None else count:>11}" for count in counts], cut]
            )
        )
    return "\n".join(lines)
