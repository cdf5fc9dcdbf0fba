"""What a change costs on the real line: each test changes one thing in a copy of the project and
asks what would be run again of the finished run of Northern Ireland, by what its units read when
they were executed. Nothing is executed.
"""

import io
import shutil
from pathlib import Path

import pytest

from evalkit.batch import dependencies
from evalkit.batch.layout import place_of
from evalkit.batch.manifest import read_attempts
from evalkit.batch.plan import plan_run
from evalkit.batch.progress import Display
from evalkit.batch.run import Options, run_batch
from evalkit.batch.staleness import Staleness, decide
from evalkit.batch.vintage import prepare_run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "build" / "nbval"
BOOK, RUN_FILE = "params/unit_costs/northern_ireland.yaml", "params/northern_ireland.yaml"
EXTRACT = "tests/data/northern_ireland"
PARTS = ("params", "data_contracts", "notebooks", EXTRACT, "requirements.lock")

VALUE = {"city/05_value", "city/05_value_over_time", "city/06_advice", "city/06_allocation"}
DISTRICT_PAGES, OVERVIEW = {"district/07_decision_report"}, {"city/08_overview"}
PAGES = {*DISTRICT_PAGES, *OVERVIEW, "intervention/07_evidence"}
INTAKE = {"city/00_prepare"}
EFFECTS = {
    "intervention/03_weights",
    "intervention/04_diagnostics",
    "district/04_effects",
    "intervention/05_effects",
    "city/05_effects",
    "city/05_districts",
}
# What is said of money looks at values too, and draws the page of the programme itself.
MONEY = {"city/09_money_and_access"}
MONITORING = {"city/01_process", "district/01_process", "city/07_forecasts", *MONEY}
# Forecasts are made anew with each vintage, and whoever may show a table waits for them; what shows
# none of them is current once they are made.
WAIT_FOR_FORECASTS = {*DISTRICT_PAGES, "intervention/07_evidence", *MONEY}
EVERYTHING = {*INTAKE, "district/02_time_on_support", *EFFECTS, *VALUE, *MONITORING, *PAGES}


@pytest.fixture(scope="module")
def copied(tmp_path_factory) -> Path:
    """A copy of what the run was made from."""
    root = tmp_path_factory.mktemp("project")
    for part in PARTS:
        place = root / part
        place.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, place)
    return root


@pytest.fixture
def project(copied, tmp_path) -> Path:
    """A copy that one test may change."""
    shutil.copytree(copied, tmp_path / "project")
    return tmp_path / "project"


def run_again(root: Path) -> tuple[set[str], set[str]]:
    """The notebooks that would be run again, and those that may be, depending on what the others
    leave.
    """
    run = prepare_run(root / RUN_FILE, out=RUNS)
    before = place_of(run).before(run)
    attempts = read_attempts(before.run_dir)
    if not attempts:
        pytest.fail(
            f"There is no run in {RUNS}. Make it first: evalkit run {RUN_FILE} --out build/nbval "
            "(make test does so)."
        )
    decisions = decide(plan_run(before), Staleness(before, attempts))
    will, may = (
        {one.unit.notebook for one in decisions if one.action == action}
        for action in ("run", "may run")
    )
    return will, may - will


def of_new_vintage(root: Path) -> set[str]:
    """The notebooks that are made anew whenever parameters or data have changed: the overview names
    the vintage, what has moved is told since the one before it, and what that one told is scored.
    """
    units = plan_run(prepare_run(root / RUN_FILE, out=RUNS))
    since_last = {"published/since_last.json", "published/forecasts.json"}
    return OVERVIEW | {unit.notebook for unit in units if since_last & set(unit.writes)}


def change(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def add(root: Path, file: str, text: str) -> None:
    with (root / file).open("a", encoding="utf-8") as opened:
        opened.write(text)


def test_nothing_is_run_again_in_another_place(copied):
    assert run_again(copied) == (set(), set())


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (RUN_FILE, "\n# a comment\n"),
        (BOOK, "\n# a comment\n"),
        ("data_contracts/README.md", "A word.\n"),
        ("data_contracts/mappings/northern_ireland.yaml", "\n# a comment\n"),
        ("data_contracts/mappings/lifecare.yaml", "\n# a comment\n"),
        ("data_contracts/mappings/new.yaml", "source: somebody\n"),
        ("data_contracts/person.odcs.yaml", "\n# a comment\n"),
        ("params/demo_city.yaml", "\n# a comment\n"),
        ("requirements.lock", "# a comment\n"),
    ],
)
def test_comments_and_files_that_the_run_does_not_read_cost_nothing(project, file, text):
    add(project, file, text)

    assert run_again(project) == (set(), set())


def test_a_unit_cost_reruns_value_and_what_shows_it_and_no_effect(project):
    change(project, BOOK, "value: 700", "value: 705")

    told_anew = of_new_vintage(project)
    assert run_again(project) == (VALUE | told_anew, (PAGES | MONEY) - told_anew)


def test_a_title_reruns_the_pages(project):
    change(project, RUN_FILE, "en: Young people without a job", "en: Young people")

    made = PAGES | of_new_vintage(project)
    assert run_again(project) == (made, WAIT_FOR_FORECASTS - made)


def test_a_word_in_a_report_notebook_reruns_the_reports_and_perhaps_their_overview(project):
    change(project, "notebooks/district/07_decision_report.ipynb", "# ", "# The ")

    assert run_again(project) == (DISTRICT_PAGES, OVERVIEW)


def test_a_text_beside_the_extract_is_searched_for_persons_and_changes_nothing_more(project):
    add(project, f"{EXTRACT}/README.md", "A word.\n")

    will, may = run_again(project)

    assert will == INTAKE
    assert not OVERVIEW & will and may > OVERVIEW


def test_a_delivered_file_that_changes_reruns_the_intake_and_perhaps_all_that_follows(project):
    add(project, f"{EXTRACT}/income_support.csv", "\n")

    told_anew = of_new_vintage(project)
    assert run_again(project) == (INTAKE | told_anew, EVERYTHING - INTAKE - told_anew)


def test_a_new_district_reruns_whatever_knows_the_districts(project):
    change(project, RUN_FILE, "Western]", "Western, Northern]")

    # The city's process is that of everybody in the tables, whoever has a page.
    assert run_again(project) == (EVERYTHING - {"city/01_process"}, {"city/01_process"})


def test_a_rule_of_allocation_does_not_touch_effects_and_value(project):
    add(project, RUN_FILE, "\nallocation: {smallest_group: 12}\n")

    # Of Northern Ireland's few people no place can be planned: the rule is never read.
    assert run_again(project) == (of_new_vintage(project), WAIT_FOR_FORECASTS)


def test_the_number_of_draws_reruns_what_draws(project):
    change(project, RUN_FILE, "n_draws: 1000", "n_draws: 900")

    will, _ = run_again(project)

    assert EFFECTS - {"intervention/05_effects", "city/05_districts"} <= will
    assert not will & {*INTAKE, "district/02_time_on_support", "city/05_value"}


@pytest.mark.parametrize(
    ("module", "text", "rerun"),
    [
        ("simulate/city/city.py", "\nanother = 1\n", set()),
        ("effects/trials/target_trial.py", "\n# a comment\n", set()),
        ("economics/ledger/horizon.py", "\nanother = 1\n", {*VALUE, *MONEY, *OVERVIEW}),
        (
            "report/decision/do_now.py",
            "\nanother = 1\n",
            {*PAGES, *MONEY, "district/02_time_on_support"},
        ),
        ("intake/admission/gate.py", "\nanother = 1\n", INTAKE),
    ],
)
def test_code_reruns_the_notebooks_that_load_it(copied, tmp_path, monkeypatch, module, text, rerun):
    package = tmp_path / "evalkit"
    shutil.copytree(dependencies.PACKAGE_ROOT, package, ignore=shutil.ignore_patterns("*.pyc"))
    monkeypatch.setattr(dependencies, "PACKAGE_ROOT", package)

    add(package, module, text)

    assert run_again(copied)[0] == rerun


@pytest.mark.parametrize(
    ("distribution", "rerun"),
    [("lifelines", set()), ("polars", EVERYTHING), ("open-data-contract-standard", INTAKE)],
)
def test_an_installed_version_reruns_the_notebooks_that_load_it(
    copied, monkeypatch, distribution, rerun
):
    known = dependencies._version
    monkeypatch.setattr(
        dependencies, "_version", lambda name: "0.0" if name == distribution else known(name)
    )

    assert run_again(copied)[0] == rerun


@pytest.mark.prove
def test_what_was_run_again_is_byte_for_byte_what_a_new_run_makes(project, tmp_path):
    runs, afresh = tmp_path / "runs", tmp_path / "afresh"
    change(project, RUN_FILE, "n_draws: 1000", "n_draws: 50")
    execute(project, runs)
    change(project, BOOK, "value: 700", "value: 705")

    n_done = execute(project, runs)

    assert n_done < execute(project, afresh)
    assert made(runs) == made(afresh)


def execute(root: Path, out: Path) -> int:
    """Execute the run; how many of its units were run."""
    run = prepare_run(root / RUN_FILE, out=out)
    result = run_batch(run, plan_run(run), Options(jobs=2), Display(io.StringIO()))
    assert result.exit_code == 0
    return len(result.of("ok"))


def made(out: Path) -> dict[str, bytes]:
    """What the units of the latest vintage left, by path, without what tells of the one before: a
    first one has none.
    """
    vintage = (out / "northern_ireland" / "latest").resolve()
    files = {
        path.relative_to(vintage).as_posix(): path.read_bytes()
        for folder in ("work", "published", "site")
        for path in (vintage / folder).rglob("*")
        if path.is_file() and path.suffix in (".parquet", ".html")
    }
    # The page of method lists the checksum of every published table.
    of_the_city = ("since_last", "forecast_record", "index", "all", "method")
    return {path: file for path, file in files.items() if Path(path).stem not in of_the_city}
