import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evalkit.simulate.population.streams import (
    Purpose,
    named_normal,
    normals,
    person_keys,
    uniforms,
)

# Mean of 200 000 uniforms has standard error 0.0006; of normals 0.0022; the limits are five of
# them.
UNIFORM_TOLERANCE = 0.0035
NORMAL_TOLERANCE = 0.012
N = 200_000


@given(seed=st.integers(0, 2**40), month=st.integers(-200, 400), cut=st.integers(1, 49))
def test_uniforms_do_not_depend_on_who_else_is_drawn(seed, month, cut):
    keys = person_keys(seed, np.arange(50))

    apart = np.concatenate(
        [uniforms(keys[:cut], month, Purpose.START), uniforms(keys[cut:], month, Purpose.START)]
    )

    assert (apart == uniforms(keys, month, Purpose.START)).all()


def test_uniforms_take_one_month_a_person_as_well_as_one_for_all():
    keys = person_keys(1, np.arange(100))

    by_person = uniforms(keys, np.full(100, 17), Purpose.MOVE)

    assert (by_person == uniforms(keys, 17, Purpose.MOVE)).all()


def test_uniforms_lie_strictly_between_zero_and_one_with_the_right_moments():
    drawn = uniforms(person_keys(3, np.arange(N)), 5, Purpose.TRANSITION).astype(float)

    assert drawn.min() > 0 and drawn.max() < 1
    assert abs(drawn.mean() - 0.5) < UNIFORM_TOLERANCE
    assert abs(drawn.var() - 1 / 12) < UNIFORM_TOLERANCE


def test_streams_of_months_and_purposes_are_unrelated():
    keys = person_keys(3, np.arange(N))
    first = uniforms(keys, 5, Purpose.TRANSITION)

    others = [
        uniforms(keys, 6, Purpose.TRANSITION),
        uniforms(keys, 5, Purpose.START),
        uniforms(keys, 5, Purpose.TRANSITION, 1),
    ]

    assert max(abs(np.corrcoef(first, other)[0, 1]) for other in others) < NORMAL_TOLERANCE


def test_replicates_give_the_same_person_other_chances():
    people = np.arange(1000)

    first, second = (
        uniforms(person_keys(3, people, replicate), 5, Purpose.START) for replicate in (0, 1)
    )

    assert (first != second).mean() > 0.99


def test_normals_have_mean_zero_and_variance_one():
    drawn = normals(person_keys(9, np.arange(N)), 0).astype(float)

    assert abs(drawn.mean()) < NORMAL_TOLERANCE
    assert abs(drawn.var() - 1) < NORMAL_TOLERANCE


def test_named_normal_follows_from_names_alone():
    assert (
        named_normal("stockholm", "Farsta")
        == named_normal("stockholm", "Farsta")
        != named_normal("stockholm", "Bromma")
    )
