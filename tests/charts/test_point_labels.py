"""Names beside points keep off points, lines, one another and the edges of the plot."""

import numpy as np
import pytest

from evalkit.charts.look.frame import Frame
from evalkit.charts.look.point_labels import HALF_HEIGHT, half_width, place_names, point_labels

WIDTH, HEIGHT = 335, 260
NAMES = ["Spånga-Tensta", "Hägersten-Liljeholmen", "Farsta", "Älvsjö"]
# A line through the first point, a point to the right of it and one to the left: the places beside
# it are taken.
POINTS = np.array([[170.0, 120.0], [330.0, 200.0], [60.0, 255.0], [64.0, 3.0]])
OTHERS = np.array([[200.0, 122.0], [130.0, 118.0]])
LINE = np.array([[0.0, 110.0], [335.0, 130.0]])


def boxes(names, centres):
    half = np.array([(half_width(name), HALF_HEIGHT) for name in names])
    return centres - half, centres + half


def holds(low, high, dots):
    return ((dots > low) & (dots < high)).all(axis=1).any()


def test_names_lie_over_no_point_and_no_line():
    centres = place_names(NAMES, POINTS, OTHERS, [LINE], WIDTH, HEIGHT)

    dots = np.concatenate([POINTS, OTHERS, np.linspace(LINE[0], LINE[1], 2000)])
    assert not any(holds(low, high, dots) for low, high in zip(*boxes(NAMES, centres), strict=True))


def test_names_stay_inside_the_plot():
    lows, highs = boxes(NAMES, place_names(NAMES, POINTS, OTHERS, [LINE], WIDTH, HEIGHT))

    assert (lows >= 0).all() and (highs <= (WIDTH, HEIGHT)).all()


def test_names_of_points_close_together_do_not_lie_over_one_another():
    crowd = np.array([[150.0, 130.0], [153.0, 131.0], [149.0, 127.0], [156.0, 133.0]])

    lows, highs = boxes(NAMES, place_names(NAMES, crowd, np.zeros((0, 2)), [], WIDTH, HEIGHT))

    for one in range(4):
        for other in range(one):
            assert (lows[one] >= highs[other]).any() or (lows[other] >= highs[one]).any()


def test_a_name_with_room_stands_to_the_right_of_its_point():
    (centre,) = place_names(
        ["Farsta"], np.array([[100.0, 100.0]]), np.zeros((0, 2)), [], WIDTH, HEIGHT
    )

    assert centre[1] == 100
    assert 0 < centre[0] - 100 - half_width("Farsta") < 12


@pytest.mark.parametrize("neighbours", [0, 12])
def test_a_name_that_stands_far_off_is_led_to(neighbours):
    angles = 2 * np.pi * np.arange(neighbours) / 12
    others = [(50 + 8 * np.cos(angle), 0.5 + 0.1 * np.sin(angle)) for angle in angles]
    frame = Frame(WIDTH, HEIGHT, (0, 100), (0, 1))

    leaders, names = point_labels([("Farsta", (50, 0.5))], others, [], frame)

    assert len(leaders.to_dict()["data"]["values"]) == (neighbours > 0)
    assert [row["name"] for row in names.to_dict()["data"]["values"]] == ["Farsta"]
