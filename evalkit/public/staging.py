"""What becomes public, put together beside its place: tables with the earlier numbers of districts
that are held back, and the pages of those tables.
"""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

from evalkit.batch.execute import withhold_findings
from evalkit.batch.scan import known_ids
from evalkit.batch.vintage import named_paths
from evalkit.batch.vintage import write_record as write_run_record
from evalkit.disclosure import publish, read_published, read_unit, release
from evalkit.disclosure.sealing import with_earlier_rows
from evalkit.line.published import PUBLISHED
from evalkit.params import Run, RunFile
from evalkit.public.conditions import Check
from evalkit.public.register import PublicVintage, hashes_of, month_of_vintage
from evalkit.tables import slug
from evalkit.words import words_of_run
from evalkit.words.run_words import protocols_of


@contextmanager
def staged_folder(vintage: PublicVintage) -> Generator[Path]:
    """An empty folder beside the place of a vintage, gone afterwards; what a killed release left is
    removed.
    """
    for left in vintage.folder.parent.glob(".*"):
        shutil.rmtree(left, ignore_errors=True)
    staged = vintage.folder.with_name(f".{vintage.name}.{os.getpid()}")
    staged.mkdir(parents=True)
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def put_together(
    run: Run, vintage: PublicVintage, last: PublicVintage | None, staged: Path
) -> Check:
    """Write run.json, published/ and site/ of a public vintage, and search them for persons."""
    shown = _as_shown(run, vintage, last)
    # Where the run file lies is no matter of the public's; its name is.
    named = {"run_file": shown.run_dir / shown.run_file.name}
    write_run_record(shown.model_copy(update=named), staged)
    _put_tables(run, shown.model_copy(update={"run_dir": staged}), vintage, last)
    of_last = {"run_dir": staged, "previous": shown.previous}
    _write_pages(_with_notices(run.model_copy(update=of_last), vintage))
    files = list(hashes_of(staged))
    withhold_findings(staged, files, known_ids(run.run_dir), where="what would become public")
    return Check("persons", "no id, personal number or password", f"{len(files)} files searched")


def _as_shown(run: Run, vintage: PublicVintage, last: PublicVintage | None) -> Run:
    """The run as its record tells it in public: what came before is the last public vintage, and
    folders and databases of this computer are left out.
    """
    places = {str(path) for _, path in named_paths(run.params) if path.is_absolute()}
    if isinstance(run.params.extract.folder, str):
        places.add(run.params.extract.folder)
    params = RunFile.model_validate(_without(places, run.params.model_dump(mode="json")))
    previous = last.name if last else ""
    return run.model_copy(
        update={"run_dir": vintage.folder, "params": params, "previous": previous}
    )


def _without(places: set[str], content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _without(places, part) for key, part in content.items()}
    if isinstance(content, list):
        return [_without(places, part) for part in content]
    return PurePath(content).name if content in places else content


def _with_notices(run: Run, vintage: PublicVintage) -> Run:
    """The run whose pages say of which districts the numbers are earlier ones."""
    words = {language: words_of_run(run, language) for language in run.params.languages}
    held: dict[str, list[str]] = {}
    for district in vintage.held:
        held.setdefault(vintage.stands[district], []).append(district)
    notices = [
        {
            language: one.text(
                "page.earlier_numbers",
                districts=one.listing(districts),
                month=one.month(month_of_vintage(name)),
            )
            for language, one in words.items()
        }
        for name, districts in held.items()
    ]
    params = run.params.model_copy(update={"notices": (*notices, *run.params.notices)})
    return run.model_copy(update={"params": params})


def _put_tables(run: Run, shown: Run, vintage: PublicVintage, last: PublicVintage | None) -> None:
    """The published tables, with the rows that held districts had in the last public vintage."""
    held = vintage.held
    of_held = {
        f"{table.name}-{slug(district)}"
        for table in PUBLISHED.values()
        for district in held
        if table.scope == "district"
    }
    names = [name for name in vintage.rules if name != "run"]
    for name in names:
        table = read_published(run.run_dir, name)
        if held and last:
            is_there = (last.folder / "published" / f"{name}.json").is_file()
            before = read_published(last.folder, name) if is_there else None
            is_own = name in of_held and before is not None
            table = before if is_own else with_earlier_rows(table, before, held)
        publish(table, shown.run_dir)
    if "since_last" in names:
        # Imported here, as below: `evalkit status` asks for the register alone.
        from evalkit import economics

        release(economics.since_last(shown), "since_last", shown)


def _write_pages(shown: Run) -> None:
    """The pages as the line's notebooks write them."""
    from evalkit import charts, report

    for district in shown.params.districts:
        tables = read_unit(shown, district)
        report.write_district_pages(shown, district, tables, charts.district_figures)
    city = read_unit(shown)
    for intervention in protocols_of(shown):
        report.write_intervention_pages(shown, intervention, city, charts.intervention_figures)
    report.write_overviews(shown, city, charts.overview_figures)
