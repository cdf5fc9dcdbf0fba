"""A word that is no option is refused in four lines, never taken for another."""

import polars as pl
import pytest

from evalkit.errors import EstimationError
from evalkit.survival import (
    aalen_johansen,
    cox,
    curve_difference,
    discrete_hazard,
    kaplan_meier,
    replicate_weights,
    state_occupation,
)

ENDS = {"time": "months", "event": "ended"}
STAYS = {
    "id": "person",
    "start": "entry",
    "stop": "months",
    "from_state": "now",
    "to_state": "next",
}
WRONG = {
    "variance": lambda s: kaplan_meier(s, **ENDS, variance="robbust"),
    "conf_type": lambda s: kaplan_meier(s, **ENDS, conf_type="logit"),
    "p0": lambda s: state_occupation(
        s[:1].with_columns(now=pl.lit("a"), next=pl.lit("b")), **STAYS, p0="known"
    ),
    "ties": lambda s: cox(s, **ENDS, covariates=["weight"], ties="exact"),
    "variance of a regression": lambda s: cox(
        s, **ENDS, covariates=["weight"], variance="greenwood"
    ),
    "link": lambda s: discrete_hazard(s, **ENDS, covariates=["weight"], link="probit"),
    "kind": lambda s: replicate_weights(s["person"], seed=1, n_draws=1, kind="wild"),
    "few_clusters": lambda s: curve_difference(
        s, **ENDS, group="district", reference="north", few_clusters="many"
    ),
}


@pytest.mark.parametrize("option", WRONG)
def test_an_unknown_word_is_refused_with_the_known_ones(option, spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        WRONG[option](spells)

    what, where, why, _ = four_lines(refusal.value)
    assert (
        option.split()[0] in what
        and where.startswith(option.split()[0])
        and why.startswith("Known: ")
    )


def test_a_cause_declared_twice_is_refused(spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        aalen_johansen(spells, time="months", event="cause", causes=["work", "work", "studies"])

    assert four_lines(refusal.value)[0] == "1 label(s) are declared twice."


@pytest.mark.parametrize("regression", [cox, discrete_hazard])
def test_a_regression_on_a_lazy_table_is_refused(regression, spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        regression(spells.lazy(), **ENDS, covariates=["weight"])

    assert "lazy" in four_lines(refusal.value)[0]
