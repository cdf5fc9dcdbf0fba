import numpy as np
import pytest

from evalkit.disclosure.rounding import shown_probability, to_step
from evalkit.vocabulary import band_of


@pytest.mark.parametrize(
    ("probability", "n_persons", "shown"),
    [
        (0.776, 99, 0.8),
        (0.774, 99, 0.75),
        (0.776, 100, 0.78),
        (0.999, 99, 0.95),
        (0.001, 99, 0.05),
        (0.999, 100, 1.0),
    ],
)
def test_a_probability_is_shown_as_finely_as_its_people_allow(probability, n_persons, shown):
    assert float(shown_probability(np.array(probability), n_persons)) == shown


def test_a_band_is_that_of_the_number_that_is_shown():
    shown = shown_probability(np.array([0.776, 0.774]), np.array([50, 50]))

    assert [band_of(float(value)) for value in shown] == ["probably", "unclear"]


def test_of_a_number_without_a_step_only_zero_is_known():
    assert to_step(np.array([0.0, 12.3]), np.array([np.nan, 5.0])).tolist() == [0.0, 10.0]
