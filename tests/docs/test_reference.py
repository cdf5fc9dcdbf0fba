"""The reference is whole: every name has an example that runs, every key a meaning, every command a
section; and its pages lead nowhere that is not there, and nowhere outside.
"""

import csv
import importlib
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
import typer
from pages.commands import commands_of
from pages.differences import MEASURED
from pages.examples import FOLDER, SETUP, cells_of
from pages.keys import keys_of, model_named, records_of
from pages.links import DOCS, ROOT

from evalkit.cli import app

ROOMS = sorted(
    path.stem
    for path in (DOCS / "reference").glob("*.rst")
    if ".. room::" in path.read_text(encoding="utf-8")
)
MODELS = sorted(
    name
    for path in (DOCS / "reference").glob("*.rst")
    for name in re.findall(r"\.\. keys:: (\S+)", path.read_text(encoding="utf-8"))
)
# Names that still want an example; the list only gets shorter.
WITHOUT_EXAMPLE = {
    "allocation.Limits",
    "allocation.allocate",
    "allocation.allocate_city",
    "allocation.by_target_group",
    "allocation.joint_measures",
    "allocation.marginal_returns",
    "allocation.offers_from",
    "allocation.place_exchange",
    "allocation.plot",
    "allocation.refuse_undeclared",
    "allocation.register_offers",
    "allocation.settled_bookings",
    "allocation.settlement_list",
    "allocation.starts_per_year",
    "allocation.value_per_start",
    "charts.balance",
    "charts.district_comparison",
    "charts.district_figures",
    "charts.district_ranks",
    "charts.effect_curves",
    "charts.effect_months",
    "charts.exit_curves",
    "charts.exit_rates",
    "charts.funnel",
    "charts.group_curves",
    "charts.intervention_figures",
    "charts.naive_and_corrected",
    "charts.overlap",
    "charts.overview_figures",
    "charts.show",
    "charts.states",
    "charts.value_acceptability",
    "charts.value_by_actor",
    "charts.value_curve",
    "charts.value_summary",
    "charts.value_tornado",
    "disclosure.RULE_TEXTS",
    "disclosure.Published",
    "disclosure.protect_counts",
    "disclosure.protect_curve",
    "disclosure.protect_estimates",
    "disclosure.protect_group_curves",
    "disclosure.protected",
    "disclosure.protected_all",
    "disclosure.publish",
    "disclosure.read_published",
    "disclosure.read_unit",
    "disclosure.release",
    "disclosure.release_all",
    "disclosure.require_published",
    "economics.DatedFile",
    "economics.LeverState",
    "economics.Revalued",
    "economics.Scenario",
    "economics.WhatIf",
    "economics.acceptability_curve",
    "economics.advice_of_run",
    "economics.cohort_totals",
    "economics.cohort_trace",
    "economics.convert_currency",
    "economics.convert_price_year",
    "economics.displacement_sensitivity",
    "economics.drift",
    "economics.evpi",
    "economics.evppi",
    "economics.explain",
    "economics.fieller_limits",
    "economics.incremental_table",
    "economics.levers_of",
    "economics.load_dated",
    "economics.load_price_book",
    "economics.load_what_if",
    "economics.mvpf",
    "economics.offer_prices",
    "economics.place_prices",
    "economics.plot",
    "economics.present_value",
    "economics.price_book_of_run",
    "economics.price_table",
    "economics.read_vintage",
    "economics.refuse_horizon",
    "economics.refuse_unknown_districts",
    "economics.refuse_unknown_states",
    "economics.revalue",
    "economics.run_place_costs",
    "economics.run_scenario",
    "economics.run_scenarios",
    "economics.start_costs",
    "economics.summarise_value",
    "economics.value_at",
    "economics.value_by_actor",
    "economics.value_by_group",
    "economics.value_effects",
    "economics.value_levers",
    "economics.value_results",
    "economics.what_if_value",
    "intake.Admission",
    "intake.Contract",
    "intake.admit",
    "intake.admit_bare",
    "intake.admit_run",
    "intake.contracts_of_run",
    "intake.deliveries",
    "intake.intake_counts",
    "intake.load_contracts",
    "intake.load_layouts",
    "intake.reason_codes",
    "intake.with_measures",
    "intake.write_documentation",
    "intake.write_monthly_record",
    "intake.write_templates",
    "project.Project",
    "project.new_project",
    "report.districts_without_report",
    "report.in_words",
    "report.write_district_pages",
    "report.write_intervention_pages",
    "report.write_overviews",
    "report.write_stand_in",
    "simulate.is_simulated",
    "simulate.live",
    "simulate.load_city",
    "simulate.person_tables",
    "simulate.planted_gains",
    "simulate.rollout_truth",
    "simulate.simulate_truth",
    "simulate.value_truth",
    "simulate.write_city",
    "spells.Extent",
    "spells.activity_quarter",
    "spells.after_support",
    "spells.after_support_counts",
    "spells.before_after",
    "spells.build_episodes",
    "spells.build_spells",
    "spells.build_state_intervals",
    "spells.build_support_spells",
    "spells.count_loops",
    "spells.ended_participants",
    "spells.ended_participation",
    "spells.episode_gaps",
    "spells.exit_bounds",
    "spells.exit_counts",
    "spells.exit_curve_bounds",
    "spells.exit_sources",
    "spells.gap_counts",
    "spells.gap_sensitivity",
    "spells.livelihood_collisions",
    "spells.long_term_classes",
    "spells.long_term_counts",
    "spells.loop_counts",
    "spells.months_per_start",
    "spells.occupied_places",
    "spells.of_city",
    "spells.offer_counts",
    "spells.people_counts",
    "spells.plan_counts",
    "spells.shared_places",
    "spells.spell_counts",
    "spells.spells_by_characteristic",
    "spells.spells_by_gap",
    "spells.starts_by_district",
    "spells.state_sources",
    "spells.stream_support_spells",
    "spells.timeline_faults",
    "words.Words",
    "words.capitalise",
    "words.divided",
    "words.inside_sentence",
    "words.languages",
    "words.money_digits",
    "words.protocol_card",
    "words.refuse_missing_texts",
    "words.refuse_missing_words",
    "words.with_soft_hyphens",
    "words.words",
    "words.words_of_run",
}
LOADED_BY = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class _Page(HTMLParser):
    """What a page loads, where it links to, and the places it can be linked to."""

    def __init__(self, text: str):
        super().__init__()
        self.loads, self.links, self.places = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if known.get("id"):
            self.places.add(known["id"])
        if tag in LOADED_BY and known.get("rel") not in ("index", "search", "next", "prev"):
            self.loads.append(known.get(LOADED_BY[tag]) or "")
        if tag == "a" and known.get("href"):
            self.links.append(known["href"])


@pytest.mark.parametrize("room", ROOMS)
def test_every_name_of_a_room_has_an_example(room):
    names = set(importlib.import_module(f"evalkit.{room}").__all__)
    shown = {name for cell in cells_of(room) for name in cell.names} - {SETUP}

    assert {f"{room}.{name}" for name in names - shown} <= WITHOUT_EXAMPLE
    assert shown - names == set(), "an example of a name that the room does not have"


def test_what_wants_an_example_is_still_there():
    gone = [
        name
        for room, _, name in (entry.partition(".") for entry in WITHOUT_EXAMPLE)
        if name not in importlib.import_module(f"evalkit.{room}").__all__
    ]

    assert gone == []


def test_every_test_that_was_measured_is_still_there():
    with MEASURED.open(encoding="utf-8", newline="") as file:
        gone = [
            row
            for row in csv.DictReader(file)
            if f"def {row['test']}(" not in (ROOT / row["module"]).read_text(encoding="utf-8")
        ]

    assert gone == [], "docs/reference/measure.py"


def test_every_example_speaks_of_a_room():
    assert {path.stem for path in FOLDER.glob("*.py")} <= set(ROOMS)


@pytest.mark.parametrize("model", MODELS)
def test_every_key_of_a_parameter_file_says_what_it_means(model):
    silent = [
        f"{record.__name__}.{key.name}"
        for record in records_of(model_named(model))
        for key in keys_of(record)
        if not key.meaning
    ]

    assert silent == []


@pytest.mark.slow
def test_the_reference_is_built_without_a_warning_and_leads_nowhere_outside(built_docs):
    pages = {
        path: _Page(path.read_text(encoding="utf-8")) for path in sorted(built_docs.rglob("*.html"))
    }
    broken, outside = [], []
    for path, page in pages.items():
        for address in (*page.loads, *page.links):
            parts = urlsplit(address)
            if parts.scheme == "data":
                continue
            if parts.scheme or parts.netloc:
                outside += [f"{path.name}: {address}"] if address in page.loads else []
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = target in pages and (
                not parts.fragment or unquote(parts.fragment) in pages[target].places
            )
            if not there and not (target.is_file() and target not in pages):
                broken.append(f"{path.relative_to(built_docs)}: {address}")

    assert len(pages) > 40
    assert broken == []
    assert outside == []


@pytest.mark.slow
def test_every_command_and_option_stands_in_the_reference(built_docs):
    text = (built_docs / "reference" / "commands.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", text)

    root = typer.main.get_command(app)
    options = {
        name for _, command in commands_of(root) for one in command.params for name in one.opts
    }
    lacking = [call for call, _ in commands_of(root) if call not in text]
    assert lacking == []
    assert [name for name in options if name.startswith("-") and name not in text] == []
