"""From four exports to pages: the commands that somebody types, and the lines that they edit."""

import re

import four_exports
import line
import pytest
from typer.testing import CliRunner

from evalkit.cli import app

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
N_PEOPLE = 1200
MOST_COMMANDS, MOST_EDITED_LINES = 4, 10
_MOST_PROTOCOLS = 3


def _call(*command):
    done = CliRunner().invoke(app, list(map(str, command)))
    assert done.exit_code == 0, done.output
    return done.output


def test_four_exports_become_pages_with_few_commands_and_edited_lines(tmp_path, monkeypatch):
    four_exports.write_four_exports(tmp_path / "exports", city=tmp_path / "city", n_people=N_PEOPLE)
    monkeypatch.chdir(tmp_path)

    told = _call("new", "project", "--from", "exports")
    run_file = tmp_path / "project" / "params" / "project.yaml"
    n_edited = _say_that_nobody_exists(run_file)
    monkeypatch.chdir(tmp_path / "project")
    checked = _call("check", "params/project.yaml")
    _draw_less(run_file)
    # The third command: `evalkit run params/project.yaml`, here without a kernel for each unit.
    run = line.run_line(run_file, out=tmp_path / "runs")

    n_commands = 3
    page = (run.run_dir / "site" / "sv" / "index.html").read_text(encoding="utf-8")
    assert n_commands <= MOST_COMMANDS
    assert n_edited <= MOST_EDITED_LINES
    assert "evalkit check params/project.yaml" in told
    assert re.search(r"person +1200 +1200 +0", checked)
    assert "utan ekonomiskt bistånd" in page
    assert "Coachning på Jobbtorg" in page


def _say_that_nobody_exists(run_file):
    """The one thing that is true of these exports and that no file says; returns lines edited."""
    text = run_file.read_text(encoding="utf-8")
    run_file.write_text(
        text.replace("  #is_simulated: false", "  is_simulated: true"), encoding="utf-8"
    )
    return 1


def _draw_less(run_file):
    """For the test's time alone."""
    text = run_file.read_text(encoding="utf-8").replace("  #n_draws: 400", "  n_draws: 20", 1)
    named = re.findall(r"    - protocols/.*\n", text)
    for line_of_protocol in named[_MOST_PROTOCOLS:]:
        text = text.replace(line_of_protocol, "")
    run_file.write_text(text, encoding="utf-8")
