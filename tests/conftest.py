"""For every test: examples of properties may take as long as a busy machine makes them, and share
fixtures that they do not change.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from evalkit.imports import import_without_grammars

# Before a test imports nbformat or papermill: a third of what collecting all tests takes.
import_without_grammars("jsonschema")

PATIENCE = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
# The same examples each time, so that a test fails because of what was changed; `make quick` asks
# fewer (--hypothesis-profile=quick), `make prove` searches at random (--hypothesis-profile=search).
settings.register_profile("evalkit", derandomize=True, **PATIENCE)
settings.register_profile("quick", derandomize=True, max_examples=10, **PATIENCE)
settings.register_profile("search", derandomize=False, print_blob=True, **PATIENCE)
settings.load_profile("evalkit")

_VERDICT = re.compile(
    r'<span class="verdict" data-question="([^"]*)" data-subject="([^"]*)" data-horizon="(\d+)" '
    r'data-band="([^"]*)">'
)
# The horizon of money stands in each of its verdicts, so a page speaks of one.
_MONEY = "pays"


def _contradictions(pages: Iterable[Path]) -> tuple[list[str], int]:
    faults, n_verdicts = [], 0
    for page in pages:
        found = _VERDICT.findall(page.read_text(encoding="utf-8"))
        n_verdicts += len(found)
        bands, horizons = defaultdict(set), set()
        for question, subject, horizon, band in found:
            bands[question, subject].add(band)
            horizons |= {horizon} if question == _MONEY else set()
        faults += [
            f"{page.name}: {question} {subject} is said to be {sorted(said)}"
            for (question, subject), said in bands.items()
            if len(said) > 1
        ]
        faults += [f"{page.name}: sums to {sorted(horizons)} months"] if len(horizons) > 1 else []
    return faults, n_verdicts


_UNREAD = re.compile(r"<(style|script|svg|table|header|footer)\b.*?</\1>", re.DOTALL)
_PASSAGE = re.compile(r"<(p|li|h2|h3|figcaption)\b[^>]*>(.*?)</\1>", re.DOTALL)
_ADDRESSED = re.compile(r'<(\w+) class="(?:number|mark)"[^>]*>[^<]*</\1>')
_FEWEST_WORDS = 4


def _skeletons(html: str, names: Iterable[str]) -> Counter[str]:
    """Sentences without their numbers (#) and names (@), with how often each stands on a page."""
    found = Counter()
    for _, passage in _PASSAGE.findall(_UNREAD.sub("", html)):
        text = unescape(re.sub(r"<[^>]+>", " ", _ADDRESSED.sub("#", passage)))
        for name in sorted(names, key=len, reverse=True):
            text = re.sub(re.escape(name), "@", text, flags=re.IGNORECASE)
        text = re.sub(r"\s+", " ", re.sub(r"[-+−]?\d(?:[\d\s.,]*\d)?", "#", text)).strip()
        text = re.sub(r"@(?:(?:, | \w+ )@)+", "@", text)
        sentences = (one.strip() for one in re.split(r"(?<=[.?!])\s+", text))
        found.update(
            one
            for one in sentences
            if one.endswith((".", "?", "!")) and len(re.findall(r"[^\W\d_]+", one)) >= _FEWEST_WORDS
        )
    return found


@pytest.fixture(scope="session")
def skeletons():
    """Reads a page: its sentences without numbers and the names given, and how often each stands on
    it.
    """
    return _skeletons


@pytest.fixture(scope="session")
def contradictions():
    """Reads pages: the verdicts on a page that contradict each other, by what they are marked with,
    and how many verdicts there are at all.
    """
    return _contradictions
