"""What an attacker learns of made-up cities whose people are known. docs/DISCLOSURE.md tells the
rates.
"""

import pytest

from tests.disclosure.attack.cities import published
from tests.disclosure.attack.rates import TABLES, exit_read, small_counts

N_CITIES, N_PAIRS, N_SEQUENCES = 200, 50, 20
# How many standard errors a rate may be above another one that is not smaller in truth.
ERRORS = 3


@pytest.mark.prove
@pytest.mark.parametrize("kind", TABLES)
def test_no_count_of_1_to_4_is_known_exactly_or_within_one_in_200_cities(kind):
    exact, within = small_counts(kind, n_cities=N_CITIES, seed=1, is_settled=True)

    assert exact.of > N_CITIES
    assert (exact.n, within.n) == (0, 0)


@pytest.mark.parametrize("kind", TABLES)
def test_no_count_of_1_to_4_is_known_exactly_or_within_one_in_a_few_cities(kind):
    exact, within = small_counts(kind, n_cities=6, seed=2, is_settled=True)

    assert (exact.n, within.n) == (0, 0)


@pytest.mark.prove
def test_rounding_alone_leaves_some_known_within_one():
    # The control: without the last step the same attack must find some, or it would prove nothing.
    _, within = small_counts("14 x 3", n_cities=N_CITIES, seed=1, is_settled=False)

    assert within.n > 0


def _exact(table, _name):
    return table


def _in_fives(table, name):
    return published(table, name).data


@pytest.mark.prove
@pytest.mark.parametrize(("n_trials", "n_releases"), [(N_PAIRS, 2), (N_SEQUENCES, 8)])
def test_an_exit_between_releases_is_read_from_exact_counts_and_hardly_from_fives(
    n_trials, n_releases
):
    shown = dict(n_trials=n_trials, n_releases=n_releases, seed=3)

    exact = exit_read(_exact, n_others=0, **shown)
    fives = exit_read(_in_fives, n_others=0, **shown)
    with_others = exit_read(_in_fives, n_others=5, **shown)
    guessed = exit_read(_in_fives, n_others=0, knows_after=False, **shown)

    assert exact.n == exact.of
    assert fives.share < exact.share
    assert with_others.share <= guessed.share + ERRORS * guessed.error
