"""What the attacker makes of a few numbers, by hand."""

import polars as pl
import pytest

from evalkit.disclosure import Published, protect_counts
from evalkit.disclosure.attack.knowledge import knowledge_of
from evalkit.disclosure.attack.solve import known_too_well
from evalkit.line.published import PUBLISHED
from tests.disclosure.attack.cities import PROVENANCE, published


def _answers(**numbers: int) -> pl.DataFrame:
    """A district's people by number of returns, and all of them."""
    rows = [("North", "support", answer.strip("_"), n) for answer, n in numbers.items()]
    columns = ["district", "level", "n_returns", "n_persons"]
    return pl.DataFrame(
        rows, schema=columns, orient="row", schema_overrides={"n_persons": pl.Int32}
    )


def _people(table: pl.DataFrame, *, is_settled: bool = False) -> Published:
    return published(table, "loops", is_settled=is_settled)


def _exits(n_spells: int, n_persons: int) -> Published:
    table = pl.DataFrame(
        {"district": ["North"], "exit": ["work"], "n_spells": [n_spells], "n_persons": [n_persons]}
    )
    return protect_counts(
        table,
        name="exits",
        keys=["district", "exit"],
        counts=["n_spells", "n_persons"],
        n_persons="n_persons",
        **PROVENANCE,
    )


def _found(*tables: Published) -> dict[str, tuple[int, ...]]:
    known = knowledge_of(tables)
    return {known.names[one.place]: one.values for one in known_too_well(known)}


def test_two_answers_of_0_to_2_and_five_in_all_are_1_or_2_each_and_3_or_4_together():
    # True numbers: 1 and 2 of 3. Rounded: 0 and 0 of 5, which is at least 3.
    found = _found(_people(_answers(_0=1, _1=2, all=3)))

    assert sorted(found.values()) == [(1, 2), (1, 2), (3, 4)]


def test_four_answers_at_the_edge_of_their_fives_are_known_exactly():
    found = _found(_people(_answers(_0=2, _1=2, _2=2, _3=2, all=8)))

    assert set(found.values()) == {(2,)} and len(found) == 4


@pytest.mark.parametrize(
    "numbers",
    [
        {"_0": 1, "_1": 2, "all": 3},
        {"_0": 2, "_1": 2, "_2": 2, "_3": 2, "all": 8},
        {"_0": 1, "_1": 7, "all": 8},  # one woman in a district
        {"_0": 0, "_1": 0, "all": 0},
        {"_0": 9, "_1": 0, "all": 9},  # everyone the same
        {"_0": 3, "_1": 4, "_2": 1, "all": 8},
    ],
)
def test_settled_numbers_tell_nothing_and_are_never_off_by_five(numbers):
    table = _answers(**numbers)

    shown = _people(table, is_settled=True)

    assert not _found(shown)
    truth = table.sort("n_returns")["n_persons"]
    assert ((shown.data["n_persons"] - truth).abs() < 5).all()
    assert ((shown.data["n_persons"] > 0) | (truth <= 2)).all()


def test_a_table_that_tells_nothing_stays_as_it_is():
    table = _answers(_0=20, _1=31, all=51)

    assert _people(table, is_settled=True).data.equals(_people(table).data)


def test_nobody_has_three_spells_with_nobody():
    assert _found(_exits(3, 1)) == {"exits (North, work): n_persons": (1, 2)}
    assert not _found(_exits(2, 1))


def test_persons_who_can_be_in_several_ways_out_add_up_to_all_or_more():
    assert PUBLISHED["after_support"].guard.overlaps == ("answer",)


def test_exact_numbers_are_known():
    shown = _people(_answers(_0=3, _1=20, all=23))
    exact = Published(
        data=_answers(_0=3, _1=20, all=23).with_row_index("row_id"),
        **{field: getattr(shown, field) for field in ("name", "keys", "unit", "source", "grade")},
        rules=(),
        n_suppressed=0,
        sha256="",
        seal=_seal(),
    )

    assert _found(exact) == {"loops (North, support, 0): n_persons": (3,)}


def _seal() -> object:
    from evalkit.disclosure.published import SEAL

    return SEAL


def test_a_year_that_is_over_is_the_same_in_an_earlier_release():
    def year(number: int, of_all: int) -> Published:
        rows = [
            ("North", year, "long_term", answer, n)
            for year in (2025, 2026)
            for answer, n in (("all", of_all), ("yes", number))
        ]
        columns = ["district", "year", "measure", "answer", "n_persons"]
        kinds = {"n_persons": pl.Int32, "year": pl.Int32}
        table = pl.DataFrame(rows, schema=columns, orient="row", schema_overrides=kinds)
        return published(table, "long_term")

    known = knowledge_of([year(4, 40)], [[year(4, 40)]])

    links = [one for one in known.sums if one.words == "the same in an earlier release"]
    assert len(links) == 2 and not any(one.is_certain for one in links)
    assert not known_too_well(known)


def test_who_was_on_support_without_a_known_beginning_has_a_spell_of_unknown_beginning():
    # 23 and 22 people of 25 and 20 that are shown: at least one spell, and 0 is shown for 0 to 2.
    counts = {"persons": 40, "persons_with_support": 23, "support_spells_start_unknown": 1}
    people = pl.DataFrame(
        [("North", measure, n) for measure, n in counts.items()],
        schema={"district": pl.String, "measure": pl.String, "count": pl.Int32},
        orient="row",
    )
    about = {"n_persons": None, **PROVENANCE}
    shown = protect_counts(
        people, name="people", keys=["district", "measure"], counts=["count"], **about
    )
    known = pl.DataFrame({"district": ["North"], "horizon_months": [24], "n_persons": [22]})
    keys = ["district", "horizon_months"]
    of_known = protect_counts(
        known, name="time_on_support", keys=keys, counts=["n_persons"], **about
    )

    found = _found(shown, of_known)

    assert found == {"people (North, support_spells_start_unknown): count": (1, 2)}


def test_the_whole_of_a_row_is_that_rows_own():
    # Of 40 people with no criterion met ten went on, of 30 with one eight, of 70 in all 18.
    numbers = {"0": (40, 10), "1": (30, 8), "all": (70, 18)}
    rows = [("North", met, n, 70, went_on) for met, (n, went_on) in numbers.items()]
    columns = ["district", "criteria_met", "n_persons", "n_whole", "n_next_step"]
    kinds = dict.fromkeys(columns[2:], pl.Int32)
    table = pl.DataFrame(rows, schema=columns, orient="row", schema_overrides=kinds)
    known = knowledge_of([published(table, "readiness")])

    places = {known.cell(at)[1:]: at for at in range(len(known.names))}
    met = [places[("North", value), "n_persons"] for value in numbers]
    assert len(set(met)) == 3
    assert [(known.low[at], known.high[at]) for at in met] == [(38, 42), (28, 32), (68, 72)]
    assert not known_too_well(known)
