"""The Rossi experiment (lifelines' data): financial aid was given by lot, so weighting must change
the effect by less than its standard error.

Rossi, Berk & Lenihan (1980), Money, Work and Crime: 432 men released from prison, followed for a
year; week of the first arrest.
"""

import numpy as np
import polars as pl
import pytest
from lifelines.datasets import load_rossi

from evalkit.effects import Trials, contrast, propensity_weights
from evalkit.line.protocol import Protocol

COVARIATES = ["age", "race", "wexp", "mar", "paro", "prio"]


@pytest.fixture(scope="module")
def trials():
    men = pl.from_pandas(load_rossi())
    protocol = Protocol.model_validate(
        {
            "protocol": "rossi",
            "intervention_id": "aid",
            "title": {"en": "Aid"},
            "question": {"en": "Did aid keep men out of prison?"},
            "eligibility": {"from_month": 2, "to_month": 2},
            "follow_up_months": 1,
            "outcomes": ["work", "support"],
            "covariates": [],
        }
    )
    rows = men.select(
        "week",
        "arrest",
        person_id=pl.int_range(pl.len()).cast(pl.String),
        cluster_id=pl.int_range(pl.len()).cast(pl.String),
        arm=pl.when(pl.col("fin") == 1).then(pl.lit("treated")).otherwise(pl.lit("comparison")),
        weight=pl.lit(1.0),
    )
    design = np.column_stack([np.ones(len(men)), men.select(COVARIATES).to_numpy()])
    outcomes = np.zeros((len(men), 1), int)
    return Trials(rows, design, ("constant", *COVARIATES), outcomes, protocol.outcomes, protocol)


@pytest.mark.parametrize("outcome", ["arrest", "week"])
def test_weighted_and_unweighted_agree_within_a_standard_error(trials, outcome):
    values = trials.rows[outcome].to_numpy().astype(float)

    weighted, plain = contrast(trials, values), contrast(trials, values, terms=[])

    assert abs(weighted.difference[0] - plain.difference[0]) < plain.std_error[0]


def test_the_plain_difference_and_its_error_are_those_of_the_published_table(trials):
    """48 of 216 with aid and 66 of 216 without were arrested within the year: -8.3 percentage
    points.
    """
    found = contrast(trials, trials.rows["arrest"].to_numpy(), terms=[])

    p1, p0, n = 48 / 216, 66 / 216, 216
    assert found.difference[0] == pytest.approx(p1 - p0, abs=1e-9)
    assert found.std_error[0] == pytest.approx(
        np.sqrt(p1 * (1 - p1) / n + p0 * (1 - p0) / n), rel=1e-9
    )


def test_contrast_weighs_as_propensity_weights_does(trials):
    men = pl.from_pandas(load_rossi())

    weights = propensity_weights(men, treatment="fin", covariates=COVARIATES)["weight"].to_numpy()

    assert contrast(trials, np.ones(len(men))).weights == pytest.approx(weights, rel=1e-8)
