"""What cannot be estimated is refused in four lines that name column and term, by every regression
and curve alike.
"""

import numpy as np
import polars as pl
import pytest

from evalkit import survival
from evalkit.errors import EstimationError

SPELL = {"time": "months", "event": "left"}
REGRESSIONS = {
    "cox": lambda table, **asked: survival.cox(table, **SPELL, **asked),
    "fine_gray": lambda table, **asked: survival.fine_gray(table, **SPELL, cause="event", **asked),
    "discrete_hazard": lambda table, **asked: survival.discrete_hazard(
        table, **SPELL, link="logit", band_starts=(1,), **asked
    ),
}


@pytest.fixture(scope="module")
def spells():
    rng = np.random.default_rng(1)
    n = 200
    table = pl.DataFrame(
        {
            "months": rng.integers(1, 20, n),
            "left": rng.random(n) < 0.6,
            "trained": rng.integers(0, 2, n),
            "children": rng.integers(0, 3, n),
            "home": rng.choice(["north", "south"], n),
        }
    )
    is_late = pl.int_range(pl.len()) > 3
    return table.with_columns(
        both=pl.col("trained") + pl.col("children"),
        one=pl.lit(1),
        told=pl.col("left"),
        gone=pl.when(is_late).then("children"),
        unsaid=pl.when(is_late).then("months"),
        nowhere=pl.when(is_late).then("home"),
        cause=pl.when("left").then(pl.lit("work")).otherwise(pl.lit("Censored")),
        stays=pl.col("left") & (pl.col("home") == "north"),
        everywhere=pl.lit("north"),
    )


OF_COVARIATES = {
    "collinear": (
        ["trained", "children", "both"],
        "do not tell their effects apart.*terms trained, children, both$",
    ),
    "constant": (["trained", "one"], "do not tell their effects apart.*terms one$"),
    "separating": (["trained", "told"], "does not settle.*term told"),
    "unknown": (["trianed"], 'columns trianed.*did you mean "trained"'),
    "unknown in a formula": ("children * trianed", 'columns trianed.*did you mean "trained"'),
    "missing": (["gone"], 'cannot be used.*column "gone": missing in 4 rows'),
    "one level": (["everywhere"], "one level only.*columns everywhere"),
    "none": ([], "No covariate is named"),
}


def _in_four_lines(fault: EstimationError) -> bool:
    lines = str(fault).splitlines()[1:]
    return [line.split(":")[0].strip() for line in lines] == ["where", "why", "fix"]


@pytest.mark.parametrize("regression", REGRESSIONS)
@pytest.mark.parametrize("case", OF_COVARIATES)
def test_covariates_that_say_nothing_are_named(spells, regression, case):
    covariates, words = OF_COVARIATES[case]

    with pytest.raises(EstimationError, match=f"(?sm){words}") as caught:
        REGRESSIONS[regression](spells, covariates=covariates)

    assert _in_four_lines(caught.value)


OF_SPELLS = {
    "missing times": (
        lambda t: survival.kaplan_meier(t, time="unsaid", event="left"),
        'missing.*column "unsaid": 4 rows',
    ),
    "missing groups": (
        lambda t: survival.log_rank_test(t, **SPELL, group="nowhere"),
        'missing.*column "nowhere": 4 rows',
    ),
    "a word for no end": (
        lambda t: survival.aalen_johansen(t, time="months", event="cause"),
        'looks like the word for no end.*column "cause".*missing value',
    ),
    "an arm in which nobody leaves": (
        lambda t: survival.cox(t, time="months", event="stays", covariates=["home"]),
        "does not settle.*term home: south",
    ),
    "one group": (
        lambda t: survival.log_rank_test(t, **SPELL, group="everywhere"),
        'only one group.*column "everywhere"',
    ),
    "an empty arm": (
        lambda t: survival.curve_difference(
            t.filter(pl.col("home") == "south"), **SPELL, group="home", reference="north"
        ),
        'no pair of groups.*column "home"',
    ),
    "nobody": (lambda t: survival.kaplan_meier(t.head(0), **SPELL), "no spells to count"),
    "a person in two states": (
        lambda t: survival.state_occupation(
            pl.DataFrame(
                {"id": [1, 1], "from": [0, 0], "to": [2, 2], "is": "a", "next": ["b"] * 2}
            ),
            id="id",
            start="from",
            stop="to",
            from_state="is",
            to_state="next",
        ),
        "1 intervals overlap the one before of the same person.*columns",
    ),
}


@pytest.mark.parametrize("case", OF_SPELLS)
def test_spells_that_cannot_be_counted_are_named(spells, case):
    call, words = OF_SPELLS[case]

    with pytest.raises(EstimationError, match=f"(?s){words}") as caught:
        call(spells)

    assert _in_four_lines(caught.value)
