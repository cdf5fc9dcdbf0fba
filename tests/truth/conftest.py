"""Makes cities.py, which several proofs share, importable beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
