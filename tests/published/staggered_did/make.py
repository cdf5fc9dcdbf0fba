"""Group-time effects of panel.csv by diff-diff 3.13.0 (MIT), which is not a dependency: pip install
diff-diff==3.13.0; python make.py

panel.csv is made up: twelve units, eight periods, adoption in periods 3 to 6 or never (0). Controls
are the units not yet treated, the base is the period before adoption, no covariates, unit weights.
"""

import json
from pathlib import Path

import pandas as pd
from diff_diff import CallawaySantAnna

folder = Path(__file__).parent
model = CallawaySantAnna(
    control_group="not_yet_treated", base_period="universal", estimation_method="reg"
)
found = model.fit(
    pd.read_csv(folder / "panel.csv"),
    outcome="y",
    unit="unit",
    time="period",
    first_treat="adopted",
    aggregate="all",
)
cells = [
    {"cohort": int(cohort), "period": int(period), "effect": float(cell["effect"])}
    for (cohort, period), cell in found.group_time_effects.items()
    if period != cohort - 1
]
events = {
    str(int(event)): float(cell["effect"])
    for event, cell in found.event_study_effects.items()
    if event != -1
}
reference = {
    "tool": "diff-diff 3.13.0",
    "cells": cells,
    "overall": float(found.overall_att),
    "event_study": events,
}
(folder / "reference.json").write_text(json.dumps(reference, indent=1) + "\n", encoding="utf-8")
