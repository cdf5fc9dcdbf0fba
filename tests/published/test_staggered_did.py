"""Group-time effects against diff-diff (an implementation of Callaway & Sant'Anna 2021 that evalkit
does not use); see staggered_did/make.py.
"""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evalkit.effects.rollouts.effect import _by_event_time
from evalkit.effects.rollouts.group_time import NEVER, effect_after, group_time_effects

FOLDER = Path(__file__).parent / "staggered_did"
TOLERANCE = 1e-12  # sums of a dozen numbers
REFERENCE = json.loads((FOLDER / "reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def cells():
    panel = pl.read_csv(FOLDER / "panel.csv").sort("unit", "period")
    adopted = panel.filter(pl.col("period") == 0)["adopted"].to_numpy()
    return group_time_effects(
        panel["y"].to_numpy().reshape(len(adopted), -1),
        np.ones(len(adopted)),
        np.where(adopted > 0, adopted, NEVER),
    )


def test_every_group_time_effect_agrees(cells):
    found = {(int(g), int(t)): effect for g, t, effect, _ in zip(*cells, strict=True)}
    expected = {(cell["cohort"], cell["period"]): cell["effect"] for cell in REFERENCE["cells"]}

    assert found.keys() == expected.keys()
    assert max(abs(found[key] - expected[key]) for key in expected) < TOLERANCE


def test_overall_effect_and_event_study_agree(cells):
    panel = pl.read_csv(FOLDER / "panel.csv").filter(pl.col("period") == 0)["adopted"].to_numpy()
    events = {
        str(when): effect for _, when, effect, _ in _by_event_time(cells, panel, "exit").iter_rows()
    }

    assert effect_after(cells) == pytest.approx(REFERENCE["overall"], abs=TOLERANCE)
    assert events == pytest.approx(REFERENCE["event_study"], abs=TOLERANCE)
