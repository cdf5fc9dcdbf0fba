"""Executed notebooks of a run, opened in a real JupyterLab that does not trust them: every picture
is there, with its name and its rows, and nothing is asked of the network.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
RUN = ROOT / "build" / "nbval" / "northern_ireland"
WAIT_SECONDS = 60
# All cells are drawn, not only those in sight; nobody is asked whether news are wanted.
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false"},
}
LOOK = """
const images = '.jp-OutputArea-output img[src^="data:image/svg+xml"]';
const pictures = [...document.querySelectorAll(images)];
return {
  names: pictures.filter(one => one.complete && one.naturalWidth > 0).map(one => one.alt),
  rows: document.querySelectorAll('.jp-OutputArea-output details table').length,
  left: document.querySelectorAll('.jp-OutputArea-output svg').length,
};
"""


def _pictures(notebook: Path) -> list[str]:
    """The names of the pictures that stand in an executed notebook's outputs."""
    read = nbformat.read(notebook, as_version=4)
    html = [
        output["data"].get("text/html", "")
        for cell in read.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "data" in output
    ]
    return re.findall(r'<img alt="([^"]*)"[^>]*src="data:image/svg', "\n".join(html))


def _one_of_each_folder(folder: Path) -> list[Path]:
    """Of city, district and intervention the executed notebook with the most pictures."""
    scopes = sorted(scope for scope in folder.iterdir() if scope.is_dir())
    return [
        max(sorted(scope.glob("*.ipynb")), key=lambda path: len(_pictures(path)))
        for scope in scopes
    ]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab whose files are a copy of the run's executed notebooks, which it
    has not made itself and so does not trust.
    """
    home = tmp_path_factory.mktemp("jupyter")
    shutil.copytree(RUN / "notebooks", home / "notebooks")
    for plugin, settings in SETTINGS.items():
        file = home / "settings" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    own = {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    own |= {f"JUPYTER_{one}_DIR": str(home / one.lower()) for one in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--IdentityProvider.token="]
    command += ["--ServerApp.open_browser=False", f"--ServerApp.root_dir={home / 'notebooks'}"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=os.environ | own, stderr=log, stdout=log)
    try:
        yield _address(home / "log", server)
    finally:
        server.terminate()
        server.wait(20)


def _address(log: Path, server: subprocess.Popen) -> str:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until and server.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+/", log.read_text(encoding="utf-8")):
            return found[0]
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


@pytest.mark.browser
def test_pictures_of_executed_notebooks_are_there_in_jupyterlab(lab, browser):
    notebooks = _one_of_each_folder(RUN / "notebooks")
    asked = {notebook.name: len(_pictures(notebook)) for notebook in notebooks}
    assert len(asked) == 3 and min(asked.values()) > 1

    seen = {
        notebook.name: _seen_in(
            browser.driver,
            f"{lab}lab/tree/{notebook.relative_to(RUN / 'notebooks')}",
            asked[notebook.name],
        )
        for notebook in notebooks
    }

    assert {name: len(one["names"]) for name, one in seen.items()} == asked
    assert {name: one["rows"] for name, one in seen.items()} == asked
    assert all(all(one["names"]) and not one["left"] for one in seen.values())
    assert [url for url in browser.outside_requests() if not url.startswith((lab, "ws:"))] == []


def _seen_in(driver, address: str, n_asked: int) -> dict:
    """What is there of the outputs of a notebook that a new tab opens."""
    driver.switch_to.new_window("tab")
    # The address is not waited for: JupyterLab goes on loading as long as it is open.
    driver.execute_script(f"location.href = {json.dumps(address)}")
    until = time.monotonic() + WAIT_SECONDS
    looked: dict = {"names": []}
    while len(looked["names"]) < n_asked and time.monotonic() < until:
        time.sleep(0.3)
        looked = driver.execute_script(LOOK)
    return looked


def test_no_output_of_an_executed_notebook_names_an_outside_address():
    named = {
        address
        for notebook in sorted(RUN.glob("notebooks/*/*.ipynb"))
        for cell in nbformat.read(notebook, as_version=4).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        for address in re.findall(r"https?://[^\s\"'<>\\]+", json.dumps(output))
    }

    assert named == set()
