"""From a run's files to its pages, for what a run file and a protocol may leave out, name or turn
round.

Each case runs the real notebooks on three hundred people and ten draws. What the schema allows
either reaches its pages or is refused before anything runs. Nine cases that between them touch
every kind of option run each time, the others with `make prove`.
"""

import html
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import line
import polars as pl
import pytest
import small_city as small

from evalkit.disclosure.attack import attack
from evalkit.errors import EvalkitError
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.protocols import load_protocols, without_livelihood
from evalkit.reads import READS_VARIABLE
from evalkit.tables import read_delivered, slug
from evalkit.words import words_of_run

pytestmark = pytest.mark.timeout(
    900
)  # seconds of the clock: a case takes some ten on a machine that does nothing else
BOTH, ONE = small.DISTRICTS, small.DISTRICTS[:1]
PRICES = {"value": {"price_book": str(small.ROOT / "params" / "unit_costs" / "stockholm.yaml")}}
PRECISE = {
    "min_starters": 1,
    "min_effective_sample_size": 1,
    "max_abs_smd": 9.0,
    "max_share_outside_support": 1.0,
}
COVARIATES = [
    {"name": "months_on_support", "kind": "elapsed"},
    {"name": "female", "kind": "person", "column": "sex", "equals": "female"},
    {"name": "birth_year", "kind": "person", "column": "birth_year"},
    {"name": "past_work_share", "kind": "history_share", "outcome": "work"},
    {"name": "season", "kind": "season", "starts": [3, 6, 9, 12]},
]
DISTRICT = {"name": "district", "kind": "district"}
GROUPS = [
    {"name": name, "title": {"sv": title, "en": name}, "column": "sex", "equals": sex}
    for name, title, sex in (("women", "Kvinnor", "female"), ("men", "Män", "male"))
]
WORDS = {
    f"value.{name}": {"sv": name.replace("_", " "), "en": name.replace("_", " ")}
    for name in (
        "months_on_support",
        "months_on_support_unknown",
        "female",
        "birth_year",
        "past_work_share",
        "season",
        "work_training",
        "own",
    )
}
ALLOCATION = {
    "target_groups": ["women", "men"],
    "budgets": {ONE[0]: 1_000_000},
    "smallest_group": 3,
    "equality_floor": 0.5,
    "group_floors": {"women": 0.2},
    "downside_weight": 0.3,
    "downside_level": 0.2,
    "further_money": [100_000],
    "n_draws": 10,
}


# Which months a sender knows: every state, none (an empty table), or one state in all of them.
Livelihoods = Literal["all", "none", "work", "support", "unknown"]


@dataclass(frozen=True)
class Case:
    """Keys of the run file beyond the required ones, protocols, districts, tables that are not
    delivered, and what is known of livelihoods.
    """

    run: dict = field(default_factory=dict)
    protocols: tuple[dict, ...] = ()
    districts: tuple[str, ...] = ONE
    without: tuple[str, ...] = ()
    livelihoods: Livelihoods = "all"


def protocol(**changes) -> dict:
    return small.PROTOCOL | changes


def priced(
    *protocols: dict, districts: tuple[str, ...] = ONE, without: tuple[str, ...] = (), **run
) -> Case:
    return Case(
        {"wording": WORDS, **PRICES, **run}, protocols or (small.PROTOCOL,), districts, without
    )


WORK_TRAINING = protocol(
    protocol="work_training",
    intervention_id="work_training",
    title={"sv": "Arbetsträning", "en": "Work training"},
)
LANGUAGE = protocol(
    protocol="language",
    intervention_id="language_practice",
    title={"sv": "Språkpraktik", "en": "Language practice"},
)
OTHER = protocol(comparisons=["other"], other_intervention_id="work_training", refusal=PRECISE)
ELIGIBLE = small.PROTOCOL["eligibility"]

# Each time: every comparison and estimand, outcomes taken together, a grace period, groups and
# every key of allocation, one and several districts, languages and protocols, nothing beyond
# required keys, no protocols, no prices, and no table but the required ones.
CASES = {
    "required_keys_only": Case(districts=BOTH),
    "required_keys_of_a_protocol": Case(protocols=(small.PROTOCOL,), districts=BOTH),
    "prices_without_protocols": Case(PRICES, without=("capacity", "action")),
    "wait_with_grace_ATE": priced(
        protocol(comparisons=["wait"], grace_months=2, estimand="ATE", covariates=COVARIATES)
    ),
    "never_overlap_english": priced(
        protocol(comparisons=["never"], estimand="overlap", covariates=COVARIATES), languages=["en"]
    ),
    "never_before_wait": priced(
        protocol(comparisons=["never", "wait"], refusal=PRECISE, covariates=COVARIATES),
        without=small.OPTIONAL,
    ),
    "other_beside_another": priced(OTHER, LANGUAGE | {"refusal": PRECISE}),
    "without_support_and_any_work": priced(
        protocol(
            primary_outcome="without_support",
            leavers_in_month_one="stay",
            refusal=PRECISE,
            covariates=COVARIATES,
        ),
        LANGUAGE | {"primary_outcome": "any_work", "refusal": PRECISE},
        languages=["sv", "en"],
    ),
    "groups_and_allocation": priced(
        protocol(subgroups=GROUPS, refusal=PRECISE, covariates=[*COVARIATES, DISTRICT]),
        districts=BOTH,
        allocation=ALLOCATION,
    ),
}
# With `make prove`: one thing at a time.
MORE_CASES = {
    "wait": priced(protocol(comparisons=["wait"])),
    "never": priced(protocol(comparisons=["never"])),
    "wait_before_never": priced(protocol(comparisons=["wait", "never"], refusal=PRECISE)),
    "other": priced(OTHER),
    "three_protocols": priced(
        small.PROTOCOL,
        WORK_TRAINING,
        LANGUAGE | {"comparisons": ["never"]},
        districts=BOTH,
        languages=["sv", "en"],
    ),
    **{
        f"estimand_{name}": priced(protocol(estimand=name, covariates=COVARIATES, refusal=PRECISE))
        for name in ("ATT", "ATE", "overlap")
    },
    "grace_never": priced(protocol(grace_months=2, comparisons=["never"], refusal=PRECISE)),
    "leavers_stay": priced(protocol(leavers_in_month_one="stay")),
    "truncation": priced(protocol(truncation={"propensity": 10, "censoring": 10}, refusal=PRECISE)),
    "moments": priced(
        protocol(
            start_months=[3, 6],
            stop_months=[2, 4],
            dose_months=[3, 6],
            planned_months=6,
            covariates=COVARIATES,
            refusal=PRECISE,
        )
    ),
    "negative_control": priced(protocol(checks={"negative_control": "out"}, refusal=PRECISE)),
    "primary_outcome_studies": priced(protocol(primary_outcome="studies", refusal=PRECISE)),
    "primary_outcome_any_work": priced(protocol(primary_outcome="any_work", refusal=PRECISE)),
    "primary_outcome_without_support": priced(
        protocol(primary_outcome="without_support", leavers_in_month_one="stay", refusal=PRECISE),
        districts=BOTH,
    ),
    "primary_outcome_closer": priced(
        WORK_TRAINING
        | {
            "primary_outcome": "closer",
            "next_step": {"ladder_step": 3},
            "outcomes": ["next_step", *small.PROTOCOL["outcomes"]],
            "refusal": PRECISE,
        },
        protocol(refusal=PRECISE),
    ),
    "primary_outcome_a_step": priced(protocol(primary_outcome="subsidised_work", refusal=PRECISE)),
    "two_outcomes": Case(
        PRICES, (protocol(outcomes=["work", "support"], refusal=PRECISE),), livelihoods="work"
    ),
    "during": priced(protocol(eligibility=ELIGIBLE | {"during": "language_practice"})),
    "after": priced(protocol(eligibility=ELIGIBLE | {"after": "language_practice"})),
    "state_before": priced(protocol(eligibility=ELIGIBLE | {"state_before": "unknown"})),
    "one_trial": priced(protocol(eligibility={"from_month": 40, "to_month": 40})),
    "follow_up_of_one_month": priced(protocol(follow_up_months=1)),
    "nobody_is_eligible": priced(
        protocol(eligibility=ELIGIBLE | {"state_before": "sheltered_work"})
    ),
    "all_refused": priced(protocol(refusal={"min_starters": 10_000})),
    "horizon_and_draws": priced(value=PRICES["value"] | {"horizon_months": 36, "n_draws": 100}),
    "no_further_money": priced(allocation={"further_money": []}),
    "district_models": priced(districts=BOTH, effects={"district_models": {ONE[0]: "own"}}),
    "municipalities": priced(districts=BOTH, districts_are="municipalities"),
    "many_persons_needed": priced(disclosure={"min_persons": 50}),
    "curves_of_a_month": Case(
        {
            "survival": {
                "horizon_months": 1,
                "quoted_months": [1],
                "rate_periods": [1],
                "age_bands": [40],
            }
        }
    ),
    "no_gap": Case({"spells": {"max_gap_months": 0}}),
    "long_gap": Case({"spells": {"max_gap_months": 12}}),
    "livelihoods_work": Case(PRICES, (small.PROTOCOL,), livelihoods="work"),
    **{f"livelihoods_{known}": Case(livelihoods=known) for known in ("none", "support", "unknown")},
    "everybody_began": Case({"spells": {"everybody_began_at_first_month": True}}),
    **{f"without_{table}": priced(without=(table,)) for table in small.OPTIONAL},
}

# Keys that contradict each other or the data: refused before anything runs, by words that name the
# key.
REFUSED = {
    "quoted_months_beyond_the_horizon": (
        Case({"survival": {"quoted_months": [6, 60]}}),
        "quoted_months",
    ),
    "follow_up_beyond_the_extract": (
        priced(protocol(follow_up_months=100)),
        "eligibility.to_month",
    ),
    "a_group_that_no_protocol_declares": (
        priced(allocation={"target_groups": ["women"]}),
        "target_groups",
    ),
    "other_with_wait": (priced(OTHER | {"comparisons": ["other", "wait"]}), "other"),
    "other_without_its_intervention": (
        priced(protocol(comparisons=["other"])),
        "other_intervention_id",
    ),
    "two_protocols_of_one_intervention": (
        priced(small.PROTOCOL, protocol(protocol="again")),
        "effects.protocols",
    ),
    "a_budget_of_no_district": (
        priced(allocation={"budgets": {"Nowhere": 1.0}}),
        "allocation.budgets",
    ),
    "a_covariate_without_word": (
        priced(protocol(covariates=[{**COVARIATES[2], "name": "born"}]), wording={}),
        "born",
    ),
    "a_column_that_nobody_delivers": (
        priced(protocol(covariates=[{"name": "own", "kind": "person", "column": "shoe_size"}])),
        "shoe_size",
    ),
    "an_intervention_that_does_not_exist": (
        priced(protocol(intervention_id="no_such_intervention")),
        "no_such_intervention",
    ),
    "states_that_the_protocol_does_not_follow": (
        priced(protocol(outcomes=["work", "support"])),
        "studies",
    ),
    "livelihoods_unknown": (Case(protocols=(small.PROTOCOL,), livelihoods="unknown"), "livelihood"),
    "no_language": (Case({"languages": []}), "languages"),
    "one_language_twice": (Case({"languages": ["sv", "sv"]}), "languages"),
}


@pytest.fixture(scope="module")
def deliver(tmp_path_factory):
    """The folder of a case's extract; simulated once for one district and once for two."""
    root = tmp_path_factory.mktemp("deliveries")

    def folder(case: Case) -> Path:
        whole = root / str(len(case.districts))
        if not whole.exists():
            small.write_small_city(whole, case.districts)
        part = root / "-".join([whole.name, case.livelihoods, *case.without])
        if not part.exists():
            shutil.copytree(whole, part)
            for path in [path for path in part.iterdir() if path.stem in case.without]:
                path.unlink()
            if case.livelihoods != "all":
                known = pl.read_parquet(part / "livelihood.parquet")
                known = known.clear() if case.livelihoods == "none" else known
                known.with_columns(state=pl.lit(case.livelihoods, pl.String)).write_parquet(
                    part / "livelihood.parquet"
                )
        return part

    return folder


@pytest.fixture
def write(deliver, tmp_path):
    """Writes a case's files and gives its run file."""

    def files(case: Case) -> Path:
        run = case.run | {"districts": list(case.districts)}
        return small.write_run(tmp_path, run, case.protocols, city=deliver(case))

    return files


@pytest.mark.parametrize(
    "name", [*CASES, *[pytest.param(name, marks=pytest.mark.prove) for name in MORE_CASES]]
)
def test_a_run_reaches_its_pages(name, write, tmp_path, contradictions):
    case = (CASES | MORE_CASES)[name]

    run = line.run_line(write(case), out=tmp_path / "runs")

    languages = run.params.languages
    districts = [slug(district) for district in case.districts]
    interventions = [slug(protocol.intervention_id) for protocol in load_protocols(run)]
    names = [
        *("index", "about/method", "evidence/all"),
        *districts,
        *(f"evidence/{district}" for district in districts),
        *(f"interventions/{intervention}" for intervention in interventions),
        *(f"people/{intervention}" for intervention in interventions),
        *(["about/programme"] if read_delivered(run.run_dir, "action").height else []),
    ]
    expected = {"index.html", *(f"{one}/{name}.html" for one in languages for name in names)}
    pages = {
        path.relative_to(run.run_dir / "site").as_posix(): path
        for path in (run.run_dir / "site").rglob("*.html")
    }
    assert set(pages) == expected
    for path in pages.values():
        _assert_is_finished(path, run.run_dir / "published")
    assert contradictions(pages.values())[0] == []
    assert attack(run.run_dir).findings == ()
    _assert_money_follows_the_first_comparison(run, case)
    _assert_only_the_district_is_told_where_livelihoods_are_not(run)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_reach_a_page_is_refused_before_anything_runs(name, write):
    case, said = REFUSED[name]

    with pytest.raises(EvalkitError) as caught:
        line.check_line(write(case))

    assert said in caught.value.where


def test_tables_and_pages_are_the_same_bytes_whatever_runs_beside(write, tmp_path):
    run_file = write(CASES["required_keys_only"])
    here = line.run_line(run_file, out=tmp_path / "here", is_latest_first=True)

    _run_for_real(run_file, tmp_path / "real", jobs=3)

    assert _bytes_of(tmp_path / "real" / "small" / "latest") == _bytes_of(here.run_dir)


@pytest.mark.prove
@pytest.mark.parametrize("name", ["groups_and_allocation", "other_beside_another"])
def test_every_number_of_jobs_gives_the_same_bytes(name, write, tmp_path):
    run_file = write((CASES | MORE_CASES)[name])
    here = line.run_line(run_file, out=tmp_path / "here", is_latest_first=True)

    for jobs in (1, 3):
        _run_for_real(run_file, tmp_path / f"jobs_{jobs}", jobs=jobs)

    folders = [tmp_path / f"jobs_{jobs}" / "small" / "latest" for jobs in (1, 3)]
    assert _bytes_of(folders[0]) == _bytes_of(folders[1]) == _bytes_of(here.run_dir)
    assert _notebooks_of(folders[0]) == _notebooks_of(folders[1])


def _assert_is_finished(page: Path, published: Path) -> None:
    """No gap was left in the page's text, and every table that it takes a number from lies among
    the published.
    """
    source = page.read_text(encoding="utf-8")
    text = html.unescape(
        re.sub(r"<(style|svg|script).*?</\1>|<[^>]*>", " ", source, flags=re.DOTALL)
    )
    assert not re.search(r"\b(None|nan|NaN|inf)\b|[{}]", text), (
        f"{page.name}: {re.search(r'.{60}(None|nan|inf|[{}]).{20}', text)}"
    )
    assert {path.stem for path in published.glob("*.json")} >= set(
        re.findall(r'data-table="([^"]+)"', source)
    )


def _assert_money_follows_the_first_comparison(run, case: Case) -> None:
    """Every effect that is told under its protocol's first comparison has a value, and no other
    has.
    """
    published = run.run_dir / "published"
    if not (published / "value_parts.parquet").exists():
        return
    first = {
        one["intervention_id"]: ESTIMANDS[one.get("comparisons", ["wait"])[0]]
        for one in case.protocols
    }
    keys = ["district", "intervention_id", "estimand"]
    told = (
        pl.read_parquet(published / "effect_status.parquet")
        .filter(effect_state="estimated")
        .select(keys)
        .rows()
    )
    valued = pl.read_parquet(published / "value_parts.parquet").select(keys).rows()
    assert set(valued) == {row for row in told if row[2] == first[row[1]]}


def _assert_only_the_district_is_told_where_livelihoods_are_not(run) -> None:
    """No table of value has a sum of anybody else, and no page an amount for society, of an
    intervention whose protocol counts months without support; nothing is advised of it.
    """
    unseen = without_livelihood(load_protocols(run))
    of_unseen = pl.col("intervention_id").is_in(unseen)
    for path in (run.run_dir / "published").glob("value_*.parquet"):
        rows = pl.read_parquet(path)
        if "intervention_id" not in rows.columns:
            assert not set(unseen) & set(
                rows["option"].unique() if "option" in rows.columns else ()
            )
            continue
        for column in {"perspective", "actor", "payer"} & set(rows.columns):
            assert set(rows.filter(of_unseen)[column]) <= {"district"}, path.stem
    advice = pl.read_parquet(run.run_dir / "published" / "advice.parquet").filter(of_unseen)
    assert set(advice["advice"]) <= {"cannot_be_said"}
    assert advice["probability_society"].null_count() == advice.height
    for language in run.params.languages if unseen else ():
        words = words_of_run(run, language)
        page = (run.run_dir / "site" / language / "index.html").read_text(encoding="utf-8")
        assert words.text("unseen.because")[2:] in page


def _run_for_real(run_file: Path, out: Path, *, jobs: int) -> None:
    """The run by `evalkit run`, in processes of its own."""
    assert READS_VARIABLE not in os.environ
    arguments = [
        sys.executable,
        "-m",
        "evalkit",
        "run",
        str(run_file),
        "--out",
        str(out),
        "--jobs",
        str(jobs),
    ]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=small.ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def _bytes_of(run_dir: Path) -> dict[str, bytes]:
    paths = [
        path
        for folder in ("published", "site")
        for path in (run_dir / folder).rglob("*")
        if path.is_file()
    ]
    return {path.relative_to(run_dir).as_posix(): path.read_bytes() for path in paths}


def _notebooks_of(run_dir: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (run_dir / "notebooks").rglob("*.ipynb")}
