"""LaLonde's training experiment, and the same men beside controls of a survey, against R
(tests/published/lalonde_psid).

The experiment says +1794 dollars. With controls from the Panel Study of Income Dynamics the answer
hangs on the model: the richer logit leaves nine controls' worth of comparison, and evalkit must
refuse to say anything from it.
"""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evalkit.effects import Trials, effective_sample_size, propensity_weights
from evalkit.effects.trust.refusal import refusal_reason
from evalkit.effects.weighting.logit import weighted_logit
from evalkit.effects.weighting.propensity import Coefficients
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.protocol import Protocol
from evalkit.records import load
from evalkit.shipped import shipped

FOLDER = Path(__file__).parent / "lalonde_psid"
REFERENCE = json.loads((FOLDER / "reference.json").read_text(encoding="utf-8"))
FILES = {
    "experimental": "nsw_experimental.csv",
    "observational_psid": "nsw_treated_psid_controls.csv",
}
TERMS = {
    "simple": ["age", "educ", "black", "hisp", "married", "nodegree", "k74", "k75"],
    "rich": [
        "age",
        "age2",
        "educ",
        "educ2",
        "married",
        "nodegree",
        "black",
        "hisp",
        "k74",
        "k75",
        "k742",
        "k752",
        "u74hisp",
        "u74",
        "u75",
    ],
}
# The reference's own tolerances: logit coefficients, estimates, and estimates of the richer logit,
# whose probabilities lie near 0 and 1.
LOGIT, ESTIMATE = 1e-7, {"simple": 1e-6, "rich": 1e-3}
CASES = [(data, spec) for data in FILES for spec in TERMS]


def _men(data: str) -> pl.DataFrame:
    earnings = {f"k{year}": pl.col(f"re{year}") / 1000 for year in (74, 75)}
    none = {f"u{year}": (pl.col(f"re{year}") == 0).cast(pl.Float64) for year in (74, 75)}
    men = pl.read_csv(FOLDER / FILES[data]).with_columns(**earnings, **none)
    squares = {f"{name}2": pl.col(name) ** 2 for name in ("age", "educ", "k74", "k75")}
    return men.with_columns(**squares, u74hisp=pl.col("u74") * pl.col("hisp"))


def _effect(men: pl.DataFrame) -> tuple[float, dict[int, float]]:
    sizes, means = {}, {}
    for arm in (0, 1):
        own = men.filter(pl.col("treat") == arm)
        means[arm] = np.average(own["re78"], weights=own["weight"])
        sizes[arm] = effective_sample_size(own["weight"].to_numpy())
    return means[1] - means[0], sizes


@pytest.mark.parametrize("data", FILES)
def test_difference_of_means_agrees(data):
    men = _men(data)

    means = dict(men.group_by("treat").agg(pl.col("re78").mean()).iter_rows())

    assert means[1] - means[0] == pytest.approx(
        REFERENCE[data]["difference_in_means"]["effect"], rel=1e-9
    )


@pytest.mark.parametrize(("data", "spec"), CASES)
def test_propensity_agrees(data, spec):
    men, expected = _men(data), REFERENCE[data]["ipw"][spec]["logit"]
    design = np.column_stack([np.ones(len(men)), men.select(TERMS[spec]).to_numpy()])

    fit = weighted_logit(design, men["treat"].to_numpy().astype(float), np.ones(len(men)))

    assert expected["coef_names"] == ["(Intercept)", *TERMS[spec]]
    assert fit.coefficients == pytest.approx(expected["coef"], rel=LOGIT, abs=LOGIT)


@pytest.mark.parametrize("estimand", ["ATT", "ATE", "overlap"])
@pytest.mark.parametrize(("data", "spec"), CASES)
def test_weighted_effects_and_effective_sizes_agree(data, spec, estimand):
    expected = REFERENCE[data]["ipw"][spec]["estimates"][estimand.lower()]

    effect, sizes = _effect(
        propensity_weights(_men(data), treatment="treat", covariates=TERMS[spec], estimand=estimand)
    )

    assert effect == pytest.approx(expected["effect"], rel=ESTIMATE[spec])
    assert sizes[1] == pytest.approx(expected["ess_treated"], rel=ESTIMATE[spec])
    assert sizes[0] == pytest.approx(expected["ess_control"], rel=ESTIMATE[spec])


def _trials(spec: str, **rules: object) -> tuple[Trials, np.ndarray]:
    """The survey's men as one trial, and the coefficients."""
    men = _men("observational_psid")
    protocol = Protocol.model_validate(
        {
            "protocol": "nsw",
            "intervention_id": "nsw",
            "title": {"en": "NSW"},
            "question": {"en": "What did it change?"},
            "eligibility": {"from_month": 2, "to_month": 2},
            "follow_up_months": 1,
            "outcomes": ["work", "support"],
            "covariates": [],
            **rules,
        }
    )
    design = np.column_stack([np.ones(len(men)), men.select(TERMS[spec]).to_numpy()])
    rows = men.select(
        person_id=pl.int_range(pl.len()).cast(pl.String),
        cluster_id=pl.int_range(pl.len()).cast(pl.String),
        arm=pl.when(pl.col("treat") == 1).then(pl.lit("treated")).otherwise(pl.lit("comparison")),
        weight=pl.lit(1.0),
    )
    trials = Trials(
        rows,
        design,
        ("constant", *TERMS[spec]),
        np.zeros((len(men), 1), int),
        protocol.outcomes,
        protocol,
    )
    return trials, weighted_logit(
        design, men["treat"].to_numpy().astype(float), np.ones(len(men))
    ).coefficients


@pytest.mark.parametrize(("spec", "reason"), [("rich", "few_comparable"), ("simple", None)])
def test_the_richer_logit_is_refused(spec, reason):
    """The default limits ask for ten: 9.3 controls' worth are too few, 42.6 are not."""
    trials, coefficients = _trials(spec)
    weighting = StartNow(
        trials, Coefficients(np.zeros(1, int), coefficients[:, None], coefficients[:, None])
    )

    assert refusal_reason(weighting, district="all") == reason


@pytest.mark.parametrize(
    ("spec", "reason"), [("rich", "few_comparable"), ("simple", "outside_support")]
)
def test_the_limits_of_shipped_protocols_refuse_either_logit(spec, reason):
    """Under the simpler one an eighth of the men have a propensity above all of the survey."""
    shipped_file = shipped("params", "protocols", "stockholm_work_training.yaml")
    trials, coefficients = _trials(spec, refusal=load(shipped_file, Protocol).refusal.model_dump())
    weighting = StartNow(
        trials, Coefficients(np.zeros(1, int), coefficients[:, None], coefficients[:, None])
    )

    assert refusal_reason(weighting, district="all") == reason
