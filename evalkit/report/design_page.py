"""What a planned trial takes and shows, in words: for the terminal and for a page of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.disclosure import Published
from evalkit.errors import DisclosureError
from evalkit.report.own_page import Part
from evalkit.report.parts.document import DataTable
from evalkit.report.parts.layout import render, script, script_hash, style
from evalkit.report.shell import write_whole
from evalkit.words import Words

_LABEL_WIDTH, _CELL_WIDTH = 70, 24
_IN_PEOPLE = ("could_be_asked",)
_DECIMALS = {
    **dict.fromkeys(("std_error", "bias_error", "observed"), 2),
    **dict.fromkeys(("detectable_months", "sd_months", "bias_detectable"), 1),
}
_FIRST = ("drawn", "waiting", "starts", "districts", "steps", "share_reached", "could_be_asked")


@dataclass(frozen=True)
class TrialInWords:
    """What is said of a planned trial: title, sentences, and its tables with words for heads."""

    title: str
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    tables: tuple[DataTable, ...]

    @property
    def lines(self) -> list[str]:
        """The lines of a terminal."""
        below = [line for table in self.tables for line in ["", *_lines_of(table)]]
        return [self.title, "", *self.sentences, *below, "", *self.notes]


def trial_in_words(
    tables: Mapping[str, Published],
    words: Words,
    *,
    n_places: int,
    n_replications: int,
    seed: int,
    currency: str = "",
) -> TrialInWords:
    """What the tables of `evalkit.effects.TrialDesign` say, once they have passed gate 2.

    Parameters
    ----------
    tables : mapping of str to Published
        design_power, design_plan and design_schedule.
    words : Words
        Of the run, about the intervention's outcome.
    n_places, n_replications, seed : int
        As the trial was asked for and tried.
    currency : str
        Of the cost.

    Raises
    ------
    DisclosureError
        If the trial was tried on too few people.
    """
    plan = tables["design_plan"].data
    trial, intervention = plan.select("trial", "intervention_id").row(0)
    values = dict(plan.select("measure", "value").iter_rows())
    _refuse_withheld(plan)
    told = _Sentences(words, trial, values, currency)
    power = tables["design_power"].data
    return TrialInWords(
        words.text(f"design.{trial}_title", intervention=words.text(intervention)),
        tuple(told.all(n_places)),
        (
            *told.notes(power, n_replications),
            words.text("page.rounded"),
        ),
        (
            _power_table(power, words),
            told.plan_table(),
            _schedule_table(tables["design_schedule"].data, words, trial, seed),
        ),
    )


def write_trial_page(told: TrialInWords, words: Words, path: Path) -> Path:
    """Write the same as a page that opens without a network; returns its path."""
    parts = [
        *(Part(text=sentence) for sentence in told.sentences),
        *(Part(table=table) for table in told.tables),
        *(Part(text=note) for note in told.notes[:-1]),
    ]
    html = render(
        "own.html.j2",
        words=words,
        kind="evidence",
        style=style("evidence"),
        script=script("own"),
        script_hash=script_hash("own"),
        title=told.title,
        notices=(words.text("design.notice"), words.text("page.rounded")),
        footer=words.text("own.footer"),
        sections=[parts],
    )
    return write_whole(path, html)


def _refuse_withheld(plan: pl.DataFrame) -> None:
    """Stop where gate 2 lets nothing out."""
    if (plan["status"] == "suppressed").any():
        raise DisclosureError(
            "There are too few people to say what a trial would show.",
            where=f"design_plan of {plan['intervention_id'][0]}",
            why="What is tried on so few would tell of single people.",
            fix="take more months, or draw together with others.",
        )


@dataclass(frozen=True)
class _Sentences:
    words: Words
    trial: str
    values: Mapping[str, float | None]
    currency: str

    def all(self, n_places: int) -> list[str]:
        """What the trial is, what it finds, when, for how much, and what it settles."""
        words, known = self.words, self.values
        lead = {
            name: self.written(measure)
            for name, measure in (
                ("months", "months_of_lots"),
                ("drawn", "drawn"),
                ("waiting", "waiting"),
                ("followed", "months_followed"),
                ("districts", "districts"),
                ("steps", "steps"),
                ("share", "share_reached"),
            )
            if measure in known
        }
        told = [words.text(f"design.{self.trial}_lead", places=words.number(n_places), **lead)]
        told += self._found()
        told.append(words.text("design.known_after", months=self.written("months_until_known")))
        if known.get("cost") is not None:
            told.append(words.text("design.cost", cost=self.written("cost")))
        told.append(words.text(f"design.settles_{self.trial}"))
        if known.get("bias_detectable") is not None:
            bias = self.written("bias_detectable")
            told.append(words.text("design.settles_bias", months=bias))
        return told

    def _found(self) -> list[str]:
        words, least = self.words, self.values["detectable_months"]
        today = self.values.get("observed")
        if least is None:
            return [words.text("design.detectable_none")]
        key = f"design.detectable_{self.trial}"
        told = [words.text(key, months=self.written("detectable_months"))]
        if today is not None:
            size = "loss" if today <= 0 else "below" if today < least else "above"
            observed = words.number(today, 1)
            told.append(words.text(f"design.observed_{size}", observed=observed))
        return told

    def notes(self, power: pl.DataFrame, n_replications: int) -> list[str]:
        """How it was tried."""
        words = self.words
        errs = power.filter(pl.col("asked_months") == 0)["power"][0]
        told = [words.text("design.simulated", n=words.number(n_replications))]
        if errs is not None:
            told.append(words.text("design.error_none", share=words.percent(errs)))
        return [*told, words.text("design.steps_lag")] if self.trial == "steps" else told

    def plan_table(self) -> DataTable:
        """One row per measure, people first."""
        words = self.words
        order = [*(name for name in _FIRST if name in self.values)]
        order += [name for name in self.values if name not in _FIRST]
        rows = tuple((words.label(_label(name)), self.written(name)) for name in order)
        heads = (words.text("design.measure"), words.text("design.value"))
        return DataTable(words.text("design.plan_caption"), heads, rows)

    def written(self, measure: str) -> str:
        value, words = self.values[measure], self.words
        if value is None:
            return words.text("design.none")
        if measure == "cost":
            return words.money(value, self.currency, 0)
        if measure == "share_reached":
            return words.percent(value, 0)
        if measure in _IN_PEOPLE:
            return words.people(value)
        return words.number(value, _DECIMALS.get(measure, 0))


def _label(measure: str) -> str:
    return "design.plan_cost" if measure == "cost" else f"design.{measure}"


def _power_table(power: pl.DataFrame, words: Words) -> DataTable:
    rows = tuple(
        (
            words.number(asked, 1),
            words.text("mark.suppressed") if share is None else words.percent(share, 0),
        )
        for asked, share in power.select("asked_months", "power").iter_rows()
    )
    heads = (words.text("design.gain"), words.text("design.found"))
    return DataTable(words.text("design.power_caption"), heads, rows)


def _schedule_table(schedule: pl.DataFrame, words: Words, trial: str, seed: int) -> DataTable:
    is_stepped = trial == "steps"
    rows = []
    ordered = schedule.sort("from_month", "district")
    for district, month, places in ordered.select("district", "from_month", "places").iter_rows():
        when = (words.number(month),) if is_stepped else ()
        rows.append((district, *when, words.number(places, 1)))
    when = (words.text("design.from_month"),) if is_stepped else ()
    heads = (words.text("design.district"), *when, words.text("design.places"))
    caption = words.text(
        f"design.schedule_caption_{trial}", **({"seed": str(seed)} if is_stepped else {})
    )
    return DataTable(caption, heads, tuple(rows))


def _lines_of(table: DataTable) -> list[str]:
    lines = [str(table.caption)]
    for head, *cells in (table.head, *table.rows):
        below = "".join(f"{cell:>{_CELL_WIDTH}}" for cell in cells)
        lines.append(f"  {head:<{_LABEL_WIDTH}}{below}")
    return lines
