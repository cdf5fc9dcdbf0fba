"""Makes line.py and small_city.py of the matrix (small runs of the whole line) and cells.py beside
this file importable here.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "matrix")]
