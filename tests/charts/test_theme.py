"""Colours that everybody can tell apart, labels that do not overlap, numbers as each language
writes them.
"""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.charts.labels import value_label, wrapped
from evalkit.charts.look.end_labels import spread
from evalkit.charts.look.frame import inner_ticks, month_ticks, nice_ticks
from evalkit.charts.look.theme import look_of
from evalkit.line.looks import FAINT, GAIN, INK, LOSS
from evalkit.line.states import LOOKS

MARK_CONTRAST, TEXT_CONTRAST = 3.0, 4.5  # WCAG 2.1, 1.4.11 and 1.4.3
ROUNDING = 1e-6  # sums of a few floats
DRAWN_TOGETHER = ["work", "studies", "training", "support"]


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast_to_white(colour: str) -> float:
    return 1.05 / (_luminance(colour) + 0.05)


@pytest.mark.parametrize("name", [*LOOKS, "treated", "comparison", "difference"])
def test_colours_stand_out_from_white(name):
    assert _contrast_to_white(look_of(name).colour) >= MARK_CONTRAST


@pytest.mark.parametrize("colour", [INK, FAINT, GAIN, LOSS])
def test_colours_of_words_can_be_read_on_white(colour):
    assert _contrast_to_white(colour) >= TEXT_CONTRAST


@pytest.mark.parametrize(("one", "other"), list(combinations(DRAWN_TOGETHER, 2)))
def test_series_drawn_together_differ_without_colour(one, other):
    assert LOOKS[one].dash != LOOKS[other].dash
    assert LOOKS[one].shape != LOOKS[other].shape


def test_arms_differ_in_greyscale():
    assert (
        _contrast_to_white(look_of("treated").colour)
        / _contrast_to_white(look_of("comparison").colour)
        > 1.5
    )


@given(st.lists(st.tuples(st.floats(0, 200), st.integers(10, 40)), min_size=1, max_size=5))
def test_spread_labels_never_overlap(labels):
    positions, sizes = zip(*labels, strict=True)

    placed = spread(positions, sizes, low=0, high=200)

    order = sorted(range(len(placed)), key=lambda i: placed[i])
    gaps = [placed[b] - placed[a] - (sizes[a] + sizes[b]) / 2 for a, b in pairwise(order)]
    assert min(gaps, default=0) >= -ROUNDING
    assert min(placed[i] - sizes[i] / 2 for i in order) >= -ROUNDING


def test_spread_leaves_labels_with_room_where_they_are():
    assert spread([10, 100, 60], [20, 20, 20], low=0, high=200) == [10, 100, 60]


@given(st.floats(-1e5, 1e5), st.floats(0.01, 1e5))
def test_nice_ticks_span_the_values_in_few_steps(low, width):
    ticks = nice_ticks(low, low + width)

    assert (
        ticks[0] <= low + ROUNDING * width + ROUNDING
        and ticks[-1] >= low + width * (1 - ROUNDING) - ROUNDING
    )
    assert 2 <= len(ticks) <= 8


@pytest.mark.parametrize("value", [0, 0.0, 3, -0.25])
def test_nice_ticks_of_a_single_value_have_a_height(value):
    ticks = nice_ticks(value, value)

    assert ticks[0] <= value < ticks[-1]


def test_inner_ticks_stay_inside():
    assert inner_ticks(-0.25, 0.19, n_steps=3) == [-0.2, 0.0]


@given(st.floats(-1e5, 1e5), st.floats(0.01, 1e5))
def test_inner_ticks_show_a_scale(low, width):
    ticks = inner_ticks(low, low + width, n_steps=4)

    assert all(low <= tick <= low + width for tick in ticks)
    assert 2 <= len(ticks) <= 6


def test_inner_ticks_of_a_single_number_end():
    assert inner_ticks(7, 7) == [7]


@pytest.mark.parametrize(
    ("last", "expected"),
    [(12, [0, 3, 6, 9, 12]), (24, [0, 6, 12, 18, 24]), (72, [0, 12, 24, 36, 48, 60, 72])],
)
def test_month_ticks_follow_the_calendar(last, expected):
    assert month_ticks(last) == expected


def test_value_label_shows_an_unknown_value_as_it_stands(english):
    assert value_label(english, "own_covariate") == "Own covariate"


def test_wrapped_divides_a_swedish_compound_before_its_last_part():
    assert wrapped("Arbetsmarknadsutbildning", 15) == "Arbetsmarknads-\nutbildning"


def test_wrapped_keeps_short_words_whole():
    assert wrapped("On income support", 15) == "On income\nsupport"
