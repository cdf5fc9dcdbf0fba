import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.disclosure import protect_group_curves
from evalkit.errors import DisclosureError

MONTHS, MIN_COUNT = 8, 5


def _curves(events: dict[str, list[int]], persons: dict[str, int] | None = None) -> pl.DataFrame:
    """Curves whose published value is the number of events so far: what an attacker would like to
    know.
    """
    rows = []
    for group, numbers in events.items():
        left = 0
        for month, count in enumerate([0, *numbers]):
            left += count
            rows.append(
                (
                    "North",
                    group,
                    month,
                    float(left),
                    100 - left,
                    count,
                    (persons or {}).get(group, 50),
                )
            )
    return pl.DataFrame(
        rows,
        schema=["district", "group", "month", "estimate", "n_at_risk", "n_events", "n_persons"],
        orient="row",
    )


def _protected(curves: pl.DataFrame) -> pl.DataFrame:
    about = {"unit": "events", "source": "made up", "grade": "L", "min_count": MIN_COUNT}
    names = {
        "by": ["district"],
        "group": "group",
        "time": "month",
        "values": ["estimate"],
        "n_persons": "n_persons",
    }
    return protect_group_curves(curves, name="groups", **names, **about).data


def test_a_small_group_is_withheld_with_the_next_smallest():
    curves = _curves(
        {"a": [9] * MONTHS, "b": [7] * MONTHS, "c": [1] * MONTHS},
        persons={"a": 90, "b": 60, "c": 4},
    )

    status = dict(
        _protected(curves).group_by("group").agg(pl.col("status").unique().first()).iter_rows()
    )

    assert status == {"a": "ok", "b": "suppressed", "c": "suppressed"}


def test_curves_step_only_where_every_group_has_gathered_enough():
    curves = _curves({"a": [6, 6, 0, 6], "b": [0, 3, 1, 1]})

    shown = _protected(curves)

    assert shown.filter(group="a")["estimate"].to_list() == [0, 6, 6, 6, 18]
    assert shown.filter(group="b")["estimate"].to_list() == [0, 0, 0, 0, 5]


@pytest.mark.parametrize(("last", "shown"), [(0, [0, 6, 6]), (3, [None, None, None])])
def test_groups_of_which_one_never_gathers_enough_say_nothing(last, shown):
    curves = _curves({"a": [6, 0], "b": [last, 0]})

    assert _protected(curves).filter(group="a")["estimate"].to_list() == shown


def test_a_curve_ends_where_few_are_at_risk():
    curves = _curves({"a": [6, 6], "b": [6, 6]}).with_columns(
        n_at_risk=pl.when(pl.col("group") == "b", pl.col("month") == 2)
        .then(4)
        .otherwise("n_at_risk")
    )

    assert _protected(curves).filter(group="b")["status"].to_list() == ["ok", "ok", "suppressed"]


def test_a_missing_column_is_refused_in_four_lines():
    with pytest.raises(DisclosureError) as caught:
        _protected(_curves({"a": [6], "b": [6]}).drop("n_at_risk"))

    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert "n_at_risk" in lines[1]


groups = st.lists(
    st.lists(st.integers(0, 9), min_size=MONTHS, max_size=MONTHS), min_size=2, max_size=4
)


@settings(max_examples=60)
@given(groups, st.lists(st.integers(1, 30), min_size=4, max_size=4))
def test_whoever_subtracts_the_shown_groups_from_the_total_finds_no_small_number(numbers, sizes):
    names = "abcd"[: len(numbers)]
    events = dict(zip(names, numbers, strict=True))
    shown = _protected(_curves(events, dict(zip(names, sizes, strict=False))))

    ok = [name for name in names if shown.filter(group=name, status="ok").height]
    # Everybody knows that a curve starts from none.
    curves = {
        name: shown.filter(group=name)["estimate"]
        .fill_null(strategy="forward")
        .fill_null(0)
        .to_list()
        for name in ok
    }
    total = [
        sum(sum(numbers[:month]) for numbers in events.values()) for month in range(MONTHS + 1)
    ]
    steps = [
        month
        for month in range(1, MONTHS + 1)
        if any(curve[month] != curve[month - 1] for curve in curves.values())
    ]
    for begin, end in zip([0, *steps], steps, strict=False):
        gained = [curve[end] - curve[begin] for curve in curves.values()]
        rest = total[end] - total[begin] - sum(gained)
        assert all(number == 0 or number >= MIN_COUNT for number in gained)
        assert not ok or rest == 0 or rest >= MIN_COUNT
