"""Trim the full R results to what the tests read: python trim_reference.py FULL_REFERENCE_FOLDER.

Curves keep about 40 times, evenly spread, with the first and the last; covariance matrices, counts
that R prints beside and blocks that no test reads are dropped. Numbers keep their 17 digits.
"""

import json
import sys
from pathlib import Path

KEEP = {
    "km_mgus2": None,
    "cif_mgus2": None,
    "tests_mgus2": None,
    "spells_mvad": None,
    "multistate_mvad": [
        "meta",
        "observed_share_by_month",
        "complete",
        "complete_weighted",
        "censored",
        "censored_weighted",
        "by_region_complete_weighted",
    ],
    "multistate_myeloid": None,
    "cox_mgus2": None,
    "discrete_mvad": None,
    "unemployment_jobless": [
        "meta",
        "km_any_exit",
        "km_any_exit_ui0",
        "km_any_exit_ui1",
        "km_any_exit_weighted_robust",
        "cif",
        "cif_ui0",
        "cif_ui1",
        "cif_weighted",
        "logrank_any_by_ui",
        "gray_by_ui",
    ],
}
DROPPED = {
    "se_cumhaz",
    "cumhaz_names",
    "transitions",
    "n_censor",
    "vcov_model",
    "vcov_robust",
    "vcov",
    "var",
}
ALONG_TIME = {
    "n_risk",
    "n_event",
    "cumhaz",
    "surv",
    "se_surv",
    "lower",
    "upper",
    "pstate",
    "se_ij",
    "cif",
    "se_greenwood",
    "strata",
    "predict_cif",
    "bfitj",
    "predict_time",
    "uftime",
    "se_of_cumhaz",
}
N_TIMES = 40


def trim(block: object, places: list[int] | None = None, n_times: int = 0) -> object:
    """A copy of a block without dropped entries, its curves at the kept places of their time
    axis.
    """
    if isinstance(block, list):
        return [trim(item, places, n_times) if isinstance(item, dict) else item for item in block]
    if not isinstance(block, dict):
        return block
    if isinstance(block.get("time"), list):
        n_times = len(block["time"])
        step = max(1, n_times // N_TIMES)
        places = sorted({*range(0, n_times, step), n_times - 1})
    is_probability_curve = "surv" in block or "pstate" in block
    dropped = DROPPED | ({"cumhaz"} if is_probability_curve else set())
    return {
        name: _trimmed(name, value, places, n_times)
        for name, value in block.items()
        if name not in dropped
    }


def _trimmed(name: str, value: object, places: list[int] | None, n_times: int) -> object:
    is_curve = (
        places is not None and (name == "time" or name in ALONG_TIME) and isinstance(value, list)
    )
    if is_curve and len(value) == n_times:
        return [value[place] for place in places]
    if is_curve and value and isinstance(value[0], list) and len(value[0]) == n_times:
        return [[row[place] for place in places] for row in value]
    return trim(value, places, n_times)


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(__file__).parent
    for folder, names in KEEP.items():
        full = json.loads((source / folder / "reference.json").read_text())
        kept = {name: trim(block) for name, block in full.items() if names is None or name in names}
        (target / folder / "reference.json").write_text(
            json.dumps(kept, separators=(",", ":")) + "\n"
        )
        (target / folder / "make.R").write_text((source / folder / "make.R").read_text())
