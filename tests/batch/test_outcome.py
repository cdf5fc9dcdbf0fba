from pathlib import Path

import pytest

from evalkit.batch.failure import Failure, failure_in_words
from evalkit.batch.layout import show
from evalkit.batch.outcome import BatchResult, Outcome, summary, summary_as_record
from evalkit.errors import DisclosureError, EstimationError, IntakeError, ParameterError
from evalkit.runs import latest_of

WORDS = {"where": "w", "why": "y", "fix": "f"}


@pytest.fixture
def result_of(project):
    """A function that makes the result of a run with the given outcomes."""
    run = project.prepare()

    def make(
        *outcomes: Outcome,
        gate: Failure | None = None,
        is_interrupted: bool = False,
        missing: tuple[str, ...] = (),
        undeclared: tuple[str, ...] = (),
    ) -> BatchResult:
        return BatchResult(
            run,
            outcomes,
            gate,
            missing,
            undeclared,
            are_ids_recognisable=True,
            is_interrupted=is_interrupted,
            seen=latest_of(run.run_dir.parent),
        )

    return make


def failed_by(fault: Exception) -> Outcome:
    failure = failure_in_words(fault, time_limit_seconds=1)
    return Outcome(
        "city/00_first",
        "failed",
        failure.headline,
        1.0,
        failure,
        Path("/run/failed/city/00_first.failed.ipynb"),
    )


@pytest.mark.parametrize(
    ("faults", "exit_code"),
    [
        ([], 0),
        ([ValueError("x")], 1),
        ([EstimationError("x", **WORDS)], 1),
        ([ParameterError("x", **WORDS)], 1),
        ([ValueError("x"), IntakeError("x", **WORDS)], 3),
        ([IntakeError("x", **WORDS), DisclosureError("x", **WORDS)], 4),
    ],
)
def test_exit_code_is_that_of_the_gravest_failure(result_of, faults, exit_code):
    assert result_of(*[failed_by(fault) for fault in faults]).exit_code == exit_code


def test_exit_code_of_an_interrupted_run_is_130(result_of):
    assert result_of(failed_by(IntakeError("x", **WORDS)), is_interrupted=True).exit_code == 130


def test_exit_code_of_a_finding_at_the_end_is_that_of_disclosure(result_of):
    gate = failure_in_words(DisclosureError("x", **WORDS), time_limit_seconds=1)

    assert result_of(Outcome("city/00_first", "ok", "never done", 1.0), gate=gate).exit_code == 4


def test_message_of_a_foreign_error_is_not_told():
    failure = failure_in_words(KeyError("NI-0001"), time_limit_seconds=1)

    assert failure.text == "KeyError while the notebook was started or put in place"


def test_summary_tells_counts_the_four_lines_and_where_to_look(result_of):
    result = result_of(
        failed_by(IntakeError("3 rows are wrong.", **WORDS)),
        Outcome("city/01_second", "skipped", "depends on city/00_first"),
        Outcome("city/02_third", "current", "nothing has changed"),
    )

    assert summary(result).splitlines() == [
        "tiny: NOT complete; of 3 units 1 current, 1 failed, 1 skipped",
        "failed   city/00_first",
        "    IntakeError: 3 rows are wrong.",
        "      where: w",
        "      why:   y",
        "      fix:   f",
        "    look at: /run/failed/city/00_first.failed.ipynb (private: a traceback may hold data)",
        "skipped  city/01_second: depends on city/00_first",
        "There is no report: site/index.html was not written.",
    ]


def test_summary_tells_how_to_open_the_report(result_of, project):
    (project.run_dir / "site").mkdir(parents=True)
    (project.run_dir / "run.json").write_text("{}")
    show(project.run_dir)
    report = project.home / "latest" / "site" / "index.html"

    text = summary(
        result_of(Outcome("city/00_first", "ok", "never done", 1.0), undeclared=("site/x.html",))
    )

    assert text.splitlines() == [
        "tiny: complete; of 1 units 1 done",
        "warning  files declared by no notebook: site/x.html",
        f"The report: {report}",
        f"Open it in any web browser: {report.as_uri()}",
    ]


def test_summary_for_programs_names_every_unit(result_of):
    record = summary_as_record(result_of(failed_by(ValueError("x"))))

    assert record["exit_code"] == 1
    assert record["units"][0]["status"] == "failed"
    assert record["report"] is None
