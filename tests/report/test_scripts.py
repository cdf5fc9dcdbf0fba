"""The one script of a page is made of functions that call themselves, and nothing else."""

import re
from importlib.resources import files

import pytest

from evalkit.report.parts.layout import script

SCRIPTS = sorted(
    file
    for folder in ("script", "decision")
    for file in (files("evalkit.report") / "templates" / folder).iterdir()
    if file.name.endswith(".js")
)


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_a_script_is_one_function_that_calls_itself_and_fetches_nothing(file):
    code = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL).strip()

    assert code.startswith("(function () {") and code.endswith("})();")
    assert not re.search(r"\b(fetch|XMLHttpRequest|eval|import)\b\s*\(", code)
    assert "</script" not in code and "//" not in code


def test_a_decision_page_carries_every_script_and_other_pages_what_they_have_use_for():
    assert script("decision").count("(function () {\n") >= len(SCRIPTS)
    assert script("evidence") in script("decision") and "levers" not in script("evidence")
