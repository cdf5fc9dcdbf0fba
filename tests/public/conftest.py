"""Makes sequence.py and what_is_learnt.py, which the tests here share, importable beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
