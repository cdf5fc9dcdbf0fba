"""The official monthly record of income support, both ways: `evalkit record read` and `write`."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from evalkit.cli.options import ContractsOption, FolderOption

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

_TABLES = ("person", "income_support", "household_member")
_RECEIPT = "receipt.txt"
_CODE = re.compile(r"(?:(?P<name>.+)=)?(?P<code>\w+)")


def read(
    files: Annotated[
        list[Path],
        typer.Argument(help="Monthly records, and the files that stand beside them, in any order."),
    ],
    out: FolderOption,
    contracts: ContractsOption = Path("data_contracts"),
    mapping: Annotated[
        Path | None,
        typer.Option(help="A mapping file: which district a code of the record is, and the like."),
    ] = None,
    max_listed: Annotated[
        int, typer.Option(min=1, help="Rejected rows to list for each rule of a table.")
    ] = 20,
) -> None:
    """Read monthly records into the tables person, income_support and household_member (CSV), with
    a receipt. A personal number in any of them stops the reading: `evalkit pseudonymise` first.
    """
    from evalkit.cli.check import told
    from evalkit.intake import admit_bare
    from evalkit.intake.admission.pseudonymise import refuse_filled

    refuse_filled(out)
    with TemporaryDirectory() as folder:
        for name, path in _names_of_records(files).items():
            (Path(folder) / name).symlink_to(path.resolve(strict=True))
        typer.echo(f"reading {len(files)} file{'s' if len(files) > 1 else ''}", err=True)
        admission = admit_bare(
            folder,
            contracts,
            mapping=mapping,
            max_rejected_share=1,
        )
    notes = admission.assumptions
    of_records = notes["table"].is_in(_TABLES) | notes["table"].is_null()
    admission = replace(admission, assumptions=notes.filter(of_records))
    out.mkdir(parents=True, exist_ok=True)
    for name in _TABLES:
        _filled_columns(admission.tables[name]).write_csv(out / f"{name}.csv")
    lines = told(admission, max_listed)
    (out / _RECEIPT).write_text(f"{lines}\n", encoding="utf-8")
    typer.echo(f"{lines}\nwritten to {out}, with {_RECEIPT}")


def write(
    source: Annotated[Path, typer.Argument(help="A run's YAML file, or the folder of an extract.")],
    *,
    months: Annotated[
        str,
        typer.Option(
            help="The month or months, 2026-01 or 2026-01..2026-12; December is written as the "
            "whole year."
        ),
    ],
    municipality: Annotated[
        list[str],
        typer.Option(
            help="The municipality's four digits; DISTRICT=CODE, once for each, where districts "
            "are municipalities."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The record to write, monthly_record*.txt.")],
    district_code: Annotated[
        list[str] | None,
        typer.Option(help="DISTRICT=CODE, once for each, in the three largest cities."),
    ] = None,
    measures: Annotated[
        bool,
        typer.Option(
            "--measures",
            help="Write the interventions of the table participation as the municipal measures of "
            "the month.",
        ),
    ] = False,
    contracts: ContractsOption = Path("data_contracts"),
    mapping: Annotated[Path | None, typer.Option(help="The mapping file of a folder.")] = None,
) -> None:
    """Write admitted tables as a monthly record; what its layout has no field for (exit reasons,
    obstacles, measures) goes to files beside it that say so. Numbers are the pseudonyms.
    """
    from evalkit.intake import load_layouts, with_measures, write_monthly_record
    from evalkit.line.delivered import as_delivered

    asked = _months_of(months)
    codes = _codes("--municipality", municipality)
    plain = codes.get("")
    if plain and len(codes) > 1:
        raise typer.BadParameter("--municipality is one code, or DISTRICT=CODE for each district")
    by_district = _codes("--district-code", district_code or ())
    if "" in by_district:
        raise typer.BadParameter("--district-code is written DISTRICT=CODE")
    tables, folder = _admitted(source, contracts, mapping)
    if measures:
        members, taken = tables["household_member"], as_delivered(tables, "participation")
        tables = {**tables, "household_member": with_measures(members, taken)}
    written = write_monthly_record(
        tables,
        out,
        months=asked,
        municipality=plain or codes,
        district_codes=by_district or None,
        layouts=load_layouts(folder),
    )
    if len(asked) > _n_months(months):
        typer.echo("December is written as a file of the whole year", err=True)
    for path, n_lines in written.n_lines.items():
        beside = "" if path == written.path else "  (beside the record, not the official layout)"
        typer.echo(f"{n_lines:>11,} lines  {path}{beside}")
    for n, what in (
        (written.n_members_left_out, "rows of members whose household was not paid in the month"),
        (written.n_decisions_left_out, "payments by other decisions than support"),
    ):
        if n:
            typer.echo(f"{n:>11,} {what} are left out")


def _names_of_records(files: Iterable[Path]) -> dict[str, Path]:
    """The files by the names under which intake knows records."""
    from evalkit.errors import IntakeError
    from evalkit.ids import name_to_show
    from evalkit.intake.reading.monthly_record import is_monthly_record
    from evalkit.intake.reading.record_layout import PREFIX, SUFFIXES

    named: dict[str, Path] = {}
    for path in files:
        if not path.is_file():
            raise FileNotFoundError(2, "No such file", str(path))
        name = path.name if is_monthly_record(path) else f"{PREFIX}_{path.stem}{SUFFIXES[0]}"
        if name in named:
            raise IntakeError(
                "Two records have the same name.",
                where=name_to_show(name),
                why="Rows are named by their file and line. Nothing was read in.",
                fix="rename one of the files.",
            )
        named[name] = path
    return named


def _filled_columns(table: "pl.DataFrame") -> "pl.DataFrame":
    """The table without columns in which nothing stands; whole amounts as whole numbers."""
    import polars as pl

    kept = [name for name in table.columns if table[name].count()]
    whole = [
        pl.col(name).cast(pl.Int64)
        for name in kept
        if table.schema[name].is_float() and (table[name].drop_nulls() % 1 == 0).all()
    ]
    return table.select(kept or table.columns).with_columns(whole)


def _admitted(
    source: Path, contracts: Path, mapping: Path | None
) -> "tuple[dict[str, pl.DataFrame], Path]":
    """The admitted tables of a run file's extract or of a folder, and the folder of contracts."""
    from evalkit.intake import admit_bare, admit_run

    if source.is_dir():
        admission = admit_bare(
            source,
            contracts,
            mapping=mapping,
        )
        return admission.tables, contracts
    from evalkit.batch.vintage import prepare_run

    run = prepare_run(source, out=Path("runs"))
    return admit_run(run, mapping=mapping).tables, run.path(run.params.contracts)


def _codes(option: str, given: Iterable[str]) -> dict[str, str]:
    """Codes by district; "" is the name of a code for all of them."""
    codes: dict[str, str] = {}
    for text in given:
        match = _CODE.fullmatch(text.strip())
        if not match or (match["name"] or "") in codes:
            raise typer.BadParameter(f"{option} is written CODE or DISTRICT=CODE, each once")
        codes[match["name"] or ""] = match["code"]
    return codes


def _n_months(text: str) -> int:
    return len(_span(text))


def _months_of(text: str) -> "list[date]":
    """The months that are written: those asked for, and the whole year for a December."""
    from datetime import date

    span = _span(text)
    years = {month.year for month in span if month.month == 12}
    whole = {date(year, month, 1) for year in years for month in range(1, 13)}
    return sorted({*span, *whole})


def _span(text: str) -> "list[date]":
    from evalkit.months import month_number, month_of_number, parse_month

    first, _, last = text.partition("..")
    numbers = [month_number(parse_month(part)) for part in (first, last or first)]
    if numbers[1] < numbers[0]:
        raise typer.BadParameter("--months ends before it begins")
    return [month_of_number(number) for number in range(numbers[0], numbers[1] + 1)]
