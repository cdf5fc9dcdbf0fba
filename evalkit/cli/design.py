"""`evalkit design`: what a trial decided by lot would show, and who is drawn."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalkit.vocabulary import SENDER_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from evalkit.disclosure import Published
    from evalkit.effects import TrialDesign
    from evalkit.effects.design.trial_design import Known
    from evalkit.line.protocol import Protocol
    from evalkit.params import Run
    from evalkit.report.design_page import TrialInWords
    from evalkit.words import Words

_TABLES = ("design_power", "design_plan", "design_schedule")


def design(
    place: Annotated[
        Path,
        typer.Argument(help="The folder of a run, or a run's YAML file (its newest run is used)."),
    ],
    lottery: Annotated[
        str | None, typer.Option(help="An intervention: who starts is drawn from a waiting list.")
    ] = None,
    steps: Annotated[
        str | None,
        typer.Option(help="An intervention: in which order the districts start is drawn."),
    ] = None,
    places: Annotated[
        int, typer.Option(help="How many start in each month, in all districts.")
    ] = 20,
    months: Annotated[
        int,
        typer.Option(
            help="In how many months lots are drawn; of steps: months from the first districts' "
            "start to the last ones'."
        ),
    ] = 12,
    applicants: Annotated[
        int | None,
        typer.Option(help="How many ask for a place in each month; without it twice the places."),
    ] = None,
    effect: Annotated[
        list[float] | None,
        typer.Option(help="A gain in months per person whose power is told; may be given again."),
    ] = None,
    every: Annotated[
        int, typer.Option(min=1, help="Months from one step to the next, with --steps.")
    ] = 6,
    replications: Annotated[
        int, typer.Option(min=100, help="How many trials are tried out.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same again.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="A folder to write design.json, the tables as CSV and a page to."),
    ] = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file of pseudonyms (person_id, household_id) that ask for --places places "
            "now: who is drawn is written to a list among the run's person rows, and nothing is "
            "tried out."
        ),
    ] = None,
    language: Annotated[str, typer.Option(help="The language of what is said.")] = SENDER_LANGUAGE,
) -> None:
    """Say what a trial decided by lot would show before it is begun: how large a gain it finds, how
    many people and months it takes, what it costs and what it settles, tried out on the run's own
    register. With --draw: draw who of a list starts.
    """
    if (lottery is None) == (steps is None):
        raise typer.BadParameter("name an intervention by --lottery or by --steps")
    if draw is not None and lottery is None:
        raise typer.BadParameter("--draw goes with --lottery")
    if applicants is not None and lottery is None:
        raise typer.BadParameter("--applicants goes with --lottery")
    # Small matrices many times over: threads would wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from evalkit.effects import protocol_of
    from evalkit.words import words_of_run

    run = _run_of(place)
    protocol = protocol_of(run, lottery or steps or "")
    words = words_of_run(run, language).about(protocol.primary_outcome)
    if draw is not None:
        _draw(draw, run, protocol, words, n_places=places, seed=seed)
        return
    from evalkit.disclosure import protected
    from evalkit.report import trial_in_words

    asked: dict[str, Any] = {
        "n_places": places,
        "n_months": months,
        "asked_months": tuple(effect or ()),
        "n_replications": replications,
        "seed": seed,
        "progress": _progress(replications),
    }
    known, currency = _known(run, protocol)
    step = every if steps else None
    tried = _tried(run, protocol, known, asked, every=step, applicants=applicants)
    tables = {name: protected(tried.tables[name], name, run) for name in _TABLES}
    told = trial_in_words(
        tables, words, n_places=places, n_replications=replications, seed=seed, currency=currency
    )
    typer.echo("\n".join(told.lines))
    if out is not None:
        _write(out, told, tables, words)


def _run_of(place: Path) -> "Run":
    """The run of a folder, or the newest of a run file."""
    from evalkit.params import read_run

    if place.is_dir() or not place.is_file():
        return read_run(place)
    from evalkit.batch.vintage import prepare_run
    from evalkit.runs import runs_folder

    return read_run(prepare_run(place, out=runs_folder()).run_dir.parent)


def _tried(
    run: "Run",
    protocol: "Protocol",
    known: "Known",
    asked: dict[str, Any],
    *,
    every: int | None,
    applicants: int | None,
) -> "TrialDesign":
    """The lottery, or where it is asked every how many months a step comes, the stepped start."""
    from evalkit.effects import (
        PersonTables,
        lottery_design,
        rollout_panel,
        steps_design,
        tables_asked_for,
    )
    from evalkit.tables import read_each_delivered, read_tables

    read = read_tables(run.run_dir, "support_spells", "episodes", "state_intervals", "person")
    latest = read_each_delivered(run.run_dir, tables_asked_for([protocol]))
    extract = run.params.extract
    people = PersonTables(**read, first_month=extract.first_month, delivered=latest)
    trials = people.trials(protocol)
    if every is None:
        return lottery_design(trials, known=known, n_applicants=applicants, **asked)
    panel = rollout_panel(
        read["support_spells"],
        read["state_intervals"],
        first_month=extract.first_month,
        n_months=extract.n_months,
        period_months=every,
    )
    return steps_design(trials, panel, known=known, step_months=every, **asked)


def _known(run: "Run", protocol: "Protocol") -> "tuple[Known, str]":
    """What the run has published of the intervention: the cost of a start and its currency, and
    today's estimate.
    """
    from evalkit.effects import known_of_tables

    tables = {name: _published_of(run, name) for name in ("offers", "effect_span")}
    return known_of_tables(tables["offers"], tables["effect_span"], protocol)


def _published_of(run: "Run", name: str) -> "pl.DataFrame":
    """A published table of the run, empty where it has none."""
    from evalkit.disclosure import read_published
    from evalkit.line.tables import published

    if not (run.run_dir / "published" / f"{name}.parquet").is_file():
        return published(name).empty()
    return read_published(run.run_dir, name).data


def _draw(
    path: Path, run: "Run", protocol: "Protocol", words: "Words", *, n_places: int, seed: int
) -> None:
    """Draw who of a list starts, and write the list where only its owner can read it."""
    import polars as pl

    from evalkit.effects import draw_lots
    from evalkit.private_lists import read_list, write_list

    drawn = draw_lots(read_list(path), n_places=n_places, seed=seed)
    starts = pl.when("is_drawn").then(pl.lit(words.text("design.yes")))
    rows = drawn.select(
        pl.col("lot").alias(words.text("design.lot")),
        pl.col("person_id").alias(words.text("design.person")),
        starts.otherwise(pl.lit(words.text("design.no"))).alias(words.text("design.answer")),
    )
    written = write_list(
        rows,
        run.run_dir,
        f"lottery {protocol.intervention_id}",
        keep_days=run.params.monitoring.keep_lists_days,
        heading=words.text(
            "design.list_heading", seed=str(seed), places=str(n_places), day="{day}"
        ),
    )
    typer.echo(
        words.text(
            "design.list_written",
            drawn=words.number(drawn.select(pl.col("is_drawn").sum()).item()),
            listed=words.number(len(drawn)),
            file=str(written.path),
            day=str(written.delete_on),
        )
    )


def _write(
    folder: Path, told: "TrialInWords", tables: "dict[str, Published]", words: "Words"
) -> None:
    """design.json, one CSV per table, and the page; nothing in them is about a person."""
    import json

    from evalkit.report import write_trial_page

    folder.mkdir(parents=True, exist_ok=True)
    rows = {name: table.data.drop("row_id") for name, table in tables.items()}
    record = {name: table.to_dicts() for name, table in rows.items()}
    text = json.dumps(record, ensure_ascii=False, indent=2)
    (folder / "design.json").write_text(text + "\n", encoding="utf-8")
    for name, table in rows.items():
        table.write_csv(folder / f"{name}.csv")
    write_trial_page(told, words, folder / "design.html")
    typer.echo(words.text("design.written", folder=str(folder)))


def _progress(total: int) -> "Callable[[int, int], None]":
    """Tells on the standard error how far it has come, in tenths."""
    tenth = max(1, total // 10)

    def tell(done: int, of: int) -> None:
        if done % tenth == 0 or done == of:
            typer.echo(f"\r{done} / {of}", err=True, nl=done == of)

    return tell
