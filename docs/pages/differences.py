"""How far evalkit is from other packages, as the tests of published results measure it."""

import csv
from pathlib import Path

from docutils import nodes
from pages.rst import escaped, table
from sphinx.util.docutils import SphinxDirective

MEASURED = Path(__file__).parents[1] / "reference" / "differences.csv"


class Differences(SphinxDirective):
    """`.. differences:: kaplan_meier ...`: the rows of the tests that name one of these functions."""

    required_arguments = 1
    optional_arguments = 20

    def run(self) -> list[nodes.Node]:
        """One row for each test."""
        self.env.note_dependency(str(MEASURED))
        with MEASURED.open(encoding="utf-8", newline="") as file:
            rows = [
                (
                    escaped(row["compared"]),
                    row["n_numbers"],
                    row["largest_difference"],
                    f"``{row['test']}``",
                )
                for row in csv.DictReader(file)
                if row["module"] in self.arguments
            ]
        head = ("what agrees", "numbers", "largest difference", "test")
        return self.parse_text_to_nodes(table(head, rows, (45, 12, 18, 25)))
