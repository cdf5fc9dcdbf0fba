import numpy as np
import polars as pl

from evalkit.disclosure.complement import (
    TotalEquation,
    add_complements,
    determined_rows,
    total_equations,
)


def test_equations_hold_the_other_keys_fixed():
    table = pl.DataFrame({"district": ["A", "A", "B", "B", "all", "all"], "exit": ["x", "y"] * 3})

    equations = total_equations(table, keys=["district", "exit"], total_over=["district"])

    assert equations == [TotalEquation((0, 2), 4), TotalEquation((1, 3), 5)]


def test_equations_take_the_total_as_known_when_it_is_not_in_the_table():
    table = pl.DataFrame({"exit": ["x", "y"]})

    assert total_equations(table, keys=["exit"], total_over=["exit"]) == [
        TotalEquation((0, 1), None)
    ]


def test_a_part_that_stands_alone_divides_nothing_where_the_table_has_totals():
    # Work and studies are parts of the results, which with the others make all.
    table = pl.DataFrame(
        {
            "part": ["result", "result", "result", "other", "all"],
            "answer": ["work", "studies", "all", "all", "all"],
        }
    )

    assert total_equations(table, keys=["part", "answer"], total_over=["answer", "part"]) == [
        TotalEquation((0, 1), 2),
        TotalEquation((2, 3), 4),
    ]


def test_determined_rows_finds_a_cell_that_two_equations_give_away():
    # Two rows and two columns of a table; the withheld cells are 0, 1 and 3: column 0 gives cell 0,
    # then row 0 gives cell 1, then cell 3.
    equations = [
        TotalEquation((0, 1), None),
        TotalEquation((2, 3), None),
        TotalEquation((0, 2), None),
        TotalEquation((1, 3), None),
    ]

    found = determined_rows(np.array([True, True, False, True]), equations)

    assert found.tolist() == [True, True, False, True]


def test_determined_rows_finds_nothing_in_a_closed_rectangle():
    equations = [
        TotalEquation((0, 1), None),
        TotalEquation((2, 3), None),
        TotalEquation((0, 2), None),
        TotalEquation((1, 3), None),
    ]

    assert not determined_rows(np.ones(4, dtype=bool), equations).any()


def test_complements_find_another_partner_when_the_first_is_known_from_its_own_total():
    # Column of three districts 3, 6, 10; the district with 6 has nobody else, so its own total
    # gives the 6 away.
    sizes = np.array([[3.0], [6.0], [10.0], [20.0], [0.0], [20.0]])
    column, others = TotalEquation((0, 1, 2), None), TotalEquation((3, 4, 5), None)
    districts = [
        TotalEquation((0, 3), None),
        TotalEquation((1, 4), None),
        TotalEquation((2, 5), None),
    ]

    equations = [column, others, *districts]

    withheld = add_complements(
        sizes[:, 0] == 3, sizes=sizes, equations=equations, min_count=5, is_linked=True
    )

    assert not determined_rows(withheld, equations)[0]


def test_complements_withhold_a_zero_when_nothing_else_is_left():
    sizes = np.array([[3.0], [0.0], [0.0]])

    withheld = add_complements(
        np.array([True, False, False]),
        sizes=sizes,
        equations=[TotalEquation((0, 1, 2), None)],
        min_count=5,
        is_linked=False,
    )

    assert withheld.all()


def test_totals_that_share_no_rows_are_completed_as_each_alone():
    rng = np.random.default_rng(3)
    sizes = rng.integers(0, 12, size=(24, 1)).astype(float)
    is_small = (sizes[:, 0] > 0) & (sizes[:, 0] < 5)
    squares = [np.arange(12).reshape(3, 4), np.arange(12, 24).reshape(3, 4)]
    apart = [
        [TotalEquation(tuple(line), None) for line in (*square, *square.T)] for square in squares
    ]
    given = {"sizes": sizes, "min_count": 5, "is_linked": True}

    together = add_complements(is_small, equations=[*apart[0], *apart[1]], **given)

    alone = [add_complements(is_small, equations=equations, **given) for equations in apart]
    assert is_small.any() and not together.all()
    assert together.tolist() == (alone[0] | alone[1]).tolist()
