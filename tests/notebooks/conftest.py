"""Makes line.py and small_city.py of the matrix importable here: small runs of the whole line."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "matrix"))
