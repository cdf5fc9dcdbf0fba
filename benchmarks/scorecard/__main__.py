"""python -m benchmarks.scorecard [--experiments DIR] [--docs docs/scorecard.md]"""

import argparse
import os
from datetime import date
from pathlib import Path

# Two processes of one thread each: threads that wait for each other take longer.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")

OUT = Path("build/scorecard")


def main() -> None:
    from benchmarks.scorecard import page, studies
    from benchmarks.scorecard.card import scorecard

    asked = argparse.ArgumentParser(prog="make scorecard", description=__doc__)
    asked.add_argument("--experiments", type=Path, help="folder of the two experiments' files")
    asked.add_argument("--docs", type=Path, help="also write the short version to this file")
    asked.add_argument("--studies", type=int, default=studies.N_STUDIES)
    given = asked.parse_args()
    card = scorecard(
        given.experiments,
        n_studies=given.studies,
        n_with_trees=min(given.studies, studies.N_WITH_TREES),
        n_workers=min(2, os.cpu_count() or 1),
    )
    page.write(card, out=OUT, docs=given.docs, made=date.today())
    for row in card.rows:
        print(f"{row.verdict:10}  {row.name}: {row.why}")
    print(*card.notes, f"file://{(OUT / 'index.html').resolve()}", sep="\n")


if __name__ == "__main__":
    main()
