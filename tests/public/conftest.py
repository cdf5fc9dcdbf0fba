"""Makes sequence.py and what_is_learnt.py, which the tests here share, and the small city of
tests/matrix importable beside them.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "matrix")]
