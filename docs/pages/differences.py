"""How far evalkit is from other packages, as the tests of published results measure it."""

import csv
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from pages.rst import table

# Names as they are written, which a test's own cannot be.
_PROPER = {
    " r": " R",
    "kaplan meier": "Kaplan-Meier",
    "aalen johansen": "Aalen-Johansen",
    "fine gray": "Fine-Gray",
    "gray": "Gray",
    "cox": "Cox",
    "northern ireland": "Northern Ireland",
    "chancellor 1997": "Chancellor (1997)",
    "icer": "ICER",
    "evpi": "EVPI",
    "mvpf of work advance": "MVPF of WorkAdvance",
}
MEASURED = Path(__file__).parents[1] / "reference" / "differences.csv"


class Differences(SphinxDirective):
    """`.. differences:: tests/published/test_cox.py ...`: a row for each test of these modules."""

    required_arguments = 1
    optional_arguments = 20

    def run(self) -> list[nodes.Node]:
        """A table in which a test's name is a sentence."""
        self.env.note_dependency(str(MEASURED))
        with MEASURED.open(encoding="utf-8", newline="") as file:
            rows = [
                (_sentence(row["test"]), row["n_cases"], row["n_numbers"], _gap(row))
                for row in csv.DictReader(file)
                if row["module"] in self.arguments
            ]
        if not rows:
            raise self.error(f"no test of {self.arguments} was measured")
        head = ("what a test says", "cases", "numbers", "largest difference")
        return self.parse_text_to_nodes(table(head, rows, (58, 10, 14, 18)))


def _sentence(test: str) -> str:
    words = f"{test.removeprefix('test_').replace('_', ' ')} "
    for plain, proper in _PROPER.items():
        words = words.replace(f"{plain} ", f"{proper} ")
    words = words.strip()
    return f"{words[0].upper()}{words[1:]}."


def _gap(row: dict[str, str]) -> str:
    gap = float(row["largest_difference"])
    return "none" if gap == 0 else row["largest_difference"]
