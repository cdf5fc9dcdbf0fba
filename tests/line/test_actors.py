"""Every actor belongs to one payer, and payers can be told apart on light and dark ground."""

import pytest

from evalkit.line.actors import ACTOR_NAMES, PAYER_LOOKS, PAYERS

# Ground of the pages, and the least contrast of text and marks on it (WCAG 2.2, 1.4.3).
LIGHT_GROUND, DARK_GROUND = "#ffffff", "#12171c"
LEAST_CONTRAST = 4.5


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast_of(colour: str, ground: str) -> float:
    darker, lighter = sorted((luminance(colour), luminance(ground)))
    return (lighter + 0.05) / (darker + 0.05)


def test_payers_are_a_partition_of_the_actors():
    members = [actor for actors in PAYERS.values() for actor in actors]

    assert sorted(members) == sorted(ACTOR_NAMES)
    assert list(PAYERS) == ["person", "district", "city_region", "state", "others"]


@pytest.mark.parametrize("payer", PAYER_LOOKS)
def test_a_payer_is_seen_on_light_and_dark_ground(payer):
    look = PAYER_LOOKS[payer]

    assert contrast_of(look.colour, LIGHT_GROUND) >= LEAST_CONTRAST
    assert contrast_of(look.dark, DARK_GROUND) >= LEAST_CONTRAST


def test_no_two_payers_look_alike():
    assert set(PAYER_LOOKS) == {*PAYERS, "public_purse", "society"}
    for looks in zip(*((p.colour, p.dark, p.shape) for p in PAYER_LOOKS.values()), strict=True):
        assert len(set(looks)) == len(PAYER_LOOKS)
