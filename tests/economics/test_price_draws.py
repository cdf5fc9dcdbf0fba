import numpy as np
import pytest

from evalkit.economics.prices.price_draws import draw_prices

N_DRAWS = 20_000
# Five standard errors of a mean over the draws, for a distribution whose standard deviation is
# below a third of its width.
MEAN_TOLERANCE = 5 / 3 / np.sqrt(N_DRAWS)


def with_distribution(content, kind, low, high):
    place = next(price for price in content["prices"] if price["key"] == "place")
    place["distribution"] = {"kind": kind, "low": low, "high": high}
    return content


@pytest.mark.parametrize(
    ("kind", "mean"), [("uniform", 250), ("triangular", (100 + 200 + 400) / 3)]
)
def test_draw_prices_has_the_mean_and_the_range_of_its_distribution(content, declare, kind, mean):
    book = declare(with_distribution(content, kind, 100, 400))

    drawn = draw_prices(book, np.arange(1, N_DRAWS + 1), seed=3)["place"]

    assert drawn.min() >= 100
    assert drawn.max() <= 400
    assert drawn.mean() == pytest.approx(mean, abs=300 * MEAN_TOLERANCE)


@pytest.mark.parametrize(
    ("point", "share"), [(180, 80**2 / (300 * 100)), (200, 1 / 3), (300, 1 - 100**2 / (300 * 200))]
)
def test_draw_prices_has_a_triangle_s_distribution(content, declare, point, share):
    book = declare(with_distribution(content, "triangular", 100, 400))

    drawn = draw_prices(book, np.arange(1, N_DRAWS + 1), seed=3)["place"]

    assert (drawn < point).mean() == pytest.approx(
        share, abs=5 * np.sqrt(share * (1 - share) / N_DRAWS)
    )


@pytest.mark.parametrize(("low", "high"), [(200, 400), (100, 200)])
def test_draw_prices_takes_a_triangle_whose_mode_is_an_end(content, declare, low, high):
    book = declare(with_distribution(content, "triangular", low, high))

    drawn = draw_prices(book, np.arange(1, 1000), seed=3)["place"]

    assert np.all((low <= drawn) & (drawn <= high))


def test_draw_prices_gives_the_value_itself_in_draw_zero_and_of_fixed_records(content, declare):
    book = declare(with_distribution(content, "uniform", 100, 400))

    drawn = draw_prices(book, np.arange(50), seed=3)

    assert drawn["place"][0] == 200
    assert set(drawn["wage"]) == {1000}


def test_draw_prices_gives_a_draw_the_same_price_however_many_are_drawn(content, declare):
    book = declare(with_distribution(content, "uniform", 100, 400))

    few, many = (draw_prices(book, np.arange(n), seed=3)["place"] for n in (10, 1000))

    assert np.array_equal(few, many[:10])


def test_draw_prices_draws_records_independently(uncertain_book):
    drawn = draw_prices(uncertain_book, np.arange(1, N_DRAWS + 1), seed=3)

    correlation = np.corrcoef(drawn["wage"], drawn["place"])[0, 1]

    assert abs(correlation) < 5 / np.sqrt(N_DRAWS)
