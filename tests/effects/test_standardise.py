import numpy as np
import pytest

from evalkit.effects import fit_propensity, standardised_draws

EXACT = 1e-6  # logits stop when their step is negligible
COUNTS = {"A": (80, 20), "B": (40, 160), "C": (50, 50)}


def _trials(arms, counts=COUNTS, **refusal):
    """Two kinds of people; every district gives a fifth of the first kind and half of the second a
    place.

    Who starts gains one month in work (of two) if of the first kind, two if of the second; nobody
    else works.
    """
    kind, treated, district = [], [], []
    for name, by_kind in counts.items():
        for which, n in enumerate(by_kind):
            started = np.arange(n) < n * (0.2, 0.5)[which]
            kind, treated, district = (
                [*kind, *[which] * n],
                [*treated, *started],
                [*district, *[name] * n],
            )
    kind, treated = np.array(kind), np.array(treated)
    outcomes = np.full((len(kind), 2), 2)
    outcomes[treated, 0] = 0
    outcomes[treated & (kind == 1), 1] = 0
    limits = {"min_starters": 5, "min_effective_sample_size": 5, **refusal}
    return arms.of_arrays(
        kind, treated, outcomes, district=district, protocol=arms.protocol(refusal=limits)
    )


def _points(trials, n_draws=4):
    found = standardised_draws(
        trials, fit_propensity(trials, n_draws=n_draws, seed=1), n_draws=n_draws, seed=1
    )
    return found, {row["district"]: row for row in found.filter(draw=0).iter_rows(named=True)}


def test_districts_that_do_the_same_have_the_same_effect_for_the_same_people(arms):
    """170 of the city's 400 people are of the first kind: everybody's gain is 0.425 x 1 + 0.575 x 2
    months.
    """
    found, points = _points(_trials(arms))

    assert [points[name]["difference"] for name in COUNTS] == pytest.approx(
        [0.425 + 2 * 0.575] * 3, abs=EXACT
    )
    assert found.group_by("district").len()["len"].to_list() == [5] * 3


@pytest.mark.parametrize(
    ("counts", "limits", "reason"),
    [
        ({"A": (10, 0), "B": (40, 160)}, {}, "few_starters"),
        ({"A": (100, 0), "B": (40, 160)}, {"max_share_outside_support": 0.1}, "outside_support"),
        ({"A": (200, 12), "B": (40, 360)}, {"min_effective_sample_size": 30}, "few_comparable"),
    ],
)
def test_a_district_without_such_people_cannot_be_standardised(arms, counts, limits, reason):
    _, points = _points(_trials(arms, counts, **limits))

    assert (points["A"]["difference"], points["A"]["reason"]) == (None, reason)
