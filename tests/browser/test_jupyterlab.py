"""A new project in a real JupyterLab, as `evalkit lab` opens it: the index, a notebook of explore/
that is run there, and the executed notebooks of a run, which JupyterLab has not made itself and so
does not trust. Every picture is there, with its name and its rows, and nothing is asked of the
network.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.request import urlopen

import nbformat
import pytest

from evalkit.project import new_project
from evalkit.runs import RUNS_VARIABLE, find_run

RUN = Path(__file__).parents[2] / "build" / "nbval" / "northern_ireland"
WAIT_SECONDS = 60
RUN_SECONDS = 180
# All cells are drawn, not only those in sight.
SETTINGS = {"@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"}}
LOOK = """
const images = '.jp-OutputArea-output img[src^="data:image/svg+xml"]';
const pictures = [...document.querySelectorAll(images)];
return {
  names: pictures.filter(one => one.complete && one.naturalWidth > 0).map(one => one.alt),
  rows: document.querySelectorAll('.jp-OutputArea-output details table').length,
  left: document.querySelectorAll('.jp-OutputArea-output svg').length,
  prompts: [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.textContent),
  busy: document.querySelectorAll('.jp-Notebook-ExecutionIndicator[data-status="busy"]').length,
  errors: document.querySelectorAll('[data-mime-type="application/vnd.jupyter.error"]').length
    + document.querySelectorAll('[data-mime-type="application/vnd.jupyter.stderr"]').length,
  text: [...document.querySelectorAll('.jp-OutputArea-output')].map(e => e.innerText).join(' '),
  links: [...document.querySelectorAll('.jp-MarkdownOutput a')].map(e => e.innerText),
  asked: document.querySelectorAll('.jp-Dialog, .Toastify__toast').length,
};
"""
MENU = "//li[contains(@class, 'lm-MenuBar-item')][.//div[text()='Run']]"
RUN_ALL = "//div[contains(@class, 'lm-Menu-itemLabel')][text()='Run All Cells']"


@dataclass(frozen=True)
class Lab:
    """A JupyterLab on a project, with the address that it prints and the token in it."""

    project: Path
    printed: str

    @property
    def address(self) -> str:
        return re.match(r"http://127\.0\.0\.1:\d+/", self.printed)[0]

    def page(self, notebook: str, kind: str = "lab/tree") -> str:
        """The address of a notebook of the project."""
        return f"{self.address}{kind}/{notebook}?{self.printed.split('?')[1]}"


def _outputs(notebook: Path) -> list[dict]:
    """What an executed notebook shows, by form."""
    cells = nbformat.read(notebook, as_version=4).cells
    return [
        output["data"]
        for cell in cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "data" in output
    ]


def _pictures(notebook: Path) -> list[str]:
    """The names of the pictures that stand in an executed notebook's outputs."""
    html = [shown.get("text/html", "") for shown in _outputs(notebook)]
    names = re.findall(r'<img alt="([^"]*)"[^>]*src="data:image/svg', "\n".join(html))
    return [unescape(name) for name in names]


def _one_of_each_folder(folder: Path) -> list[Path]:
    """Of city, district and intervention the executed notebook with the most pictures."""
    scopes = sorted(scope for scope in folder.iterdir() if scope.is_dir())
    return [
        max(sorted(scope.glob("*.ipynb")), key=lambda path: len(_pictures(path)))
        for scope in scopes
    ]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a new project with a finished run, for somebody who has never started it."""
    home = tmp_path_factory.mktemp("jupyter")
    project = new_project(home / "town").folder
    shutil.copytree(RUN, project / "runs" / RUN.name, symlinks=True)
    for plugin, settings in SETTINGS.items():
        file = home / "settings" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    own = {name: text for name, text in os.environ.items() if name != RUNS_VARIABLE}
    own |= {"HOME": str(home), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    own |= {f"JUPYTER_{one}_DIR": str(home / one.lower()) for one in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "evalkit", "lab", project, "--no-browser", "--port", "0"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=own, stderr=log, stdout=log)
    try:
        yield Lab(project, _printed(home / "log", server))
    finally:
        server.terminate()
        server.wait(20)


def _printed(log: Path, server: subprocess.Popen) -> str:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until and server.poll() is None:
        if printed := re.search(
            r"http://127\.0\.0\.1:\S+\?token=\w+", log.read_text(encoding="utf-8")
        ):
            return printed[0]
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


def _looked(driver, until, seconds: float = WAIT_SECONDS) -> dict:
    """What is there of the notebook, when that is as asked or the time is over."""
    end = time.monotonic() + seconds
    while not until(looked := driver.execute_script(LOOK)) and time.monotonic() < end:
        time.sleep(0.3)
    return looked


def _open(browser, address: str) -> None:
    """Open an address in a new tab, which is not waited for: JupyterLab goes on loading as long as
    it is open.
    """
    browser.new_tab()
    browser.driver.execute_script(f"location.href = {json.dumps(address)}")


def _run_all(driver) -> dict:
    """Run all cells of the notebook that is open; what is there when the last one has ended."""
    looked = driver.execute_script(LOOK)
    end = time.monotonic() + WAIT_SECONDS
    # Before its kernel is there, a notebook may let the command pass.
    while not _has_begun(looked) and time.monotonic() < end:
        for place in (MENU, RUN_ALL):
            shown = [one for one in driver.find_elements("xpath", place) if one.is_displayed()]
            if shown:
                shown[0].click()
                time.sleep(0.3)
        looked = _looked(driver, _has_begun, 5)
    return _looked(driver, _has_ended, RUN_SECONDS)


def _has_begun(looked: dict) -> bool:
    return any(re.search(r"[*\d]", prompt) for prompt in looked["prompts"])


def _has_ended(looked: dict) -> bool:
    """A cell that is folded shows no number; the notebook says whether any cell still waits."""
    waiting = [prompt for prompt in looked["prompts"] if re.search(r"[*\[] ?\]", prompt)]
    return _has_begun(looked) and not waiting and not looked["busy"]


def _asked_outside(browser, lab: Lab) -> list[str]:
    return [url for url in browser.outside_requests() if not url.startswith((lab.address, "ws:"))]


@pytest.mark.browser
def test_lab_opens_on_the_index_which_lists_the_runs_and_asks_nothing(lab, browser):
    _open(browser, lab.printed)
    _looked(browser.driver, lambda looked: len(looked["links"]) > 1)
    ran = _run_all(browser.driver)

    assert browser.driver.current_url.endswith("/tree/notebooks/index.ipynb")
    assert RUN.name in ran["text"] and not ran["errors"]
    assert ran["asked"] == 0
    assert _asked_outside(browser, lab) == []


@pytest.mark.browser
@pytest.mark.timeout(400)
def test_first_notebook_of_the_index_runs_in_a_new_project(lab, browser):
    index = (lab.project / "notebooks" / "index.ipynb").read_text(encoding="utf-8")
    first = re.search(r"\((explore/[^)]+)\)", index)[1]

    _open(browser, lab.page(f"notebooks/{first}"))
    _looked(browser.driver, lambda looked: len(looked["prompts"]) > 1)
    ran = _run_all(browser.driver)

    assert _has_ended(ran), ran["prompts"]
    assert "newest finished run" in ran["text"] and not ran["errors"]
    assert _asked_outside(browser, lab) == []


@pytest.mark.browser
def test_pictures_of_executed_notebooks_are_there_in_jupyterlab(lab, browser):
    run = find_run(lab.project / "runs" / RUN.name)
    notebooks = _one_of_each_folder(run / "notebooks")
    asked = {notebook.name: len(_pictures(notebook)) for notebook in notebooks}
    assert len(asked) == 3 and min(asked.values()) > 1

    seen = {}
    for notebook in notebooks:
        _open(browser, lab.page(str(notebook.relative_to(lab.project))))
        n_pictures = asked[notebook.name]
        seen[notebook.name] = _looked(
            browser.driver, lambda looked, n=n_pictures: len(looked["names"]) >= n
        )

    assert {name: len(one["names"]) for name, one in seen.items()} == asked
    assert {name: one["rows"] for name, one in seen.items()} == asked
    assert all(all(one["names"]) and not one["left"] for one in seen.values())
    assert _asked_outside(browser, lab) == []


@pytest.mark.browser
def test_pictures_are_there_in_the_page_that_jupyterlab_exports(lab, browser, tmp_path):
    """File > Save and Export Notebook As > HTML, opened as a file."""
    run = find_run(lab.project / "runs" / RUN.name)
    notebook = _one_of_each_folder(run / "notebooks")[0]
    exported = lab.page(str(notebook.relative_to(lab.project)), kind="nbconvert/html")
    page = tmp_path / "exported.html"
    with urlopen(exported) as answer:
        page.write_bytes(answer.read())

    browser.open(page)
    seen = browser.driver.execute_script(LOOK)

    assert seen["names"] == _pictures(notebook)
    assert browser.outside_requests() == []


def test_a_picture_is_an_image_in_html_and_its_name_in_plain_text():
    """The two forms that JupyterLab, nbconvert and VS Code all take, and no script in them."""
    pictures = [
        shown
        for notebook in sorted(find_run(RUN).glob("notebooks/*/*.ipynb"))
        for shown in _outputs(notebook)
        if "data:image/svg" in shown.get("text/html", "")
    ]

    assert pictures
    assert {form for shown in pictures for form in shown} == {"text/html", "text/plain"}
    assert not [shown for shown in pictures if re.search(r"<script|\son\w+=", shown["text/html"])]


def test_no_output_of_an_executed_notebook_names_an_outside_address():
    named = {
        address
        for notebook in sorted(find_run(RUN).glob("notebooks/*/*.ipynb"))
        for shown in _outputs(notebook)
        for address in re.findall(r"https?://[^\s\"'<>\\]+", json.dumps(shown))
    }

    assert named == set()
