"""A page's table follows from the published one's declaration: columns that exist, heads in every
language, numbers in the form of their column.
"""

import importlib
import pkgutil
from types import SimpleNamespace

import pytest

from evalkit.line.published import PUBLISHED
from evalkit.report import evidence, method
from evalkit.report.parts.numbers import COUNT, Row
from evalkit.report.shell import brief_of
from evalkit.report.view import (
    NOTHING,
    View,
    form_of,
    number,
    of,
    pivoted,
    with_own_range,
    with_range,
    word,
)
from evalkit.words import languages, words

MODULES = [
    importlib.import_module(f"{room.__name__}.{module.name}")
    for room in (evidence, method)
    for module in pkgutil.iter_modules(room.__path__)
]
VIEWS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": view
    for module in MODULES
    for name, view in vars(module).items()
    if isinstance(view, View)
}


def _row(table: str = "exits-norr", *, status: str = "ok", **values) -> Row:
    return Row(table, 3, status, "H", values)


@pytest.fixture
def brief(run):
    return brief_of(run, "Norr", {}, {}, words("en"))


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_shows_columns_that_its_table_has(view):
    shown = {name for column in view.columns for name in column.names}

    assert shown <= set(PUBLISHED[view.of].columns if view.of else ())


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_has_its_caption_and_heads_in_every_language(view, language):
    heads = [
        column.head if "." in column.head else f"{view.heads}.{column.head}"
        for column in view.columns
    ]

    assert [key for key in (view.caption, *heads) if not words(language).has(key)] == []


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        (_row(n_spells=3), "n_spells", "number:0"),
        (_row("prices", price_year=2024), "price_year", "year:0"),
        (_row(share=0.3), "share", "percent:0"),
        (_row("value_parts", probability_positive=0.3), "probability_positive", "probability:0"),
        (_row("time_on_support", estimate=8.31), "estimate", "number:1"),
        (_row("exit_curves-norr", estimate=0.31), "estimate", "percent:0"),
        (_row("balance", smd_after=0.031), "smd_after", "number:2"),
        (_row("effect_sensitivity", difference=0.31), "difference", "signed:1"),
        (_row("value_purse", paid_now=23456.0, currency="SEK"), "paid_now", "money:-2:SEK"),
        (_row("value_delay", estimate=-234.0, currency="SEK"), "estimate", "gain:-1:SEK"),
    ],
)
def test_a_number_is_written_as_its_column_and_table_are_declared(row, column, expected):
    assert str(form_of(row, column)) == expected


def test_a_column_that_is_not_declared_is_refused():
    with pytest.raises(KeyError):
        form_of(_row(surprise=1), "surprise")


def test_a_view_writes_head_rows_and_note(brief):
    view = View("exits", "stay.exits_caption", "stay", (word("exit"), number("n_spells")))

    (table,) = view.tables(brief, [_row(exit="work", n_spells=1234)])

    assert table.head == ("Where to", "Periods")
    assert [str(cell) for cell in table.rows[0]] == [
        "Work",
        '<span class="number" data-table="exits-norr" data-row="3" data-col="n_spells" '
        'data-form="people:0">1,234</span>',
    ]


def test_a_number_in_a_caption_keeps_its_address(brief):
    view = View("exits", "unit.range", "stay", (word("exit"), number("n_spells")))
    row = _row(exit="work", n_spells=0, n_whole=45)

    (table,) = view.tables(brief, [row], low="a", high=brief.number(row, "n_whole", COUNT))

    assert 'data-col="n_whole" data-form="people:0">45</span>' in table.caption
    assert str(table.rows[0][1]).endswith(">0–2</span>")


def test_a_view_without_rows_is_no_table(brief):
    assert View("exits", "stay.exits_caption", "stay", (word("exit"),)).tables(brief, []) == ()


def test_a_withheld_number_is_marked_and_one_that_a_row_need_not_have_is_a_dash(brief):
    row = _row(status="suppressed", n_spells=None)

    assert 'class="mark"' in number("n_spells").write(brief, row)
    assert number("n_spells", or_nothing=True).write(brief, row) == NOTHING
    assert with_range("n_spells", or_nothing=True).write(brief, row) == NOTHING


def test_a_change_has_the_range_of_its_own_columns(brief):
    row = _row("group_effects", raw=0.84, raw_lower=-0.2, raw_upper=1.9)

    assert with_own_range("raw").write(brief, row).striptags() == "+0.8 (−0.2 to 1.9)"
    assert with_own_range("raw").write(brief, _row("group_effects", raw=None)) == NOTHING


def test_pivoted_leaves_out_what_is_not_complete():
    long = [(2, "work"), (2, "studies"), (1, "work"), (0, "studies"), (0, "work")]
    rows = [_row(month=month, exit=exit_, share=0.1 * month) for month, exit_ in long]

    lines = pivoted(rows, "month", "exit", ("work", "studies"))

    assert list(lines) == [0, 2]
    assert lines[2]["studies"]["share"] == 0.2


def test_a_column_of_a_pivoted_line_is_that_of_its_row():
    shares = of("work", SimpleNamespace(write=lambda brief, row: row["share"], names=()), "share")

    assert shares.write(None, {"work": _row(share=0.4), "studies": _row(share=0.1)}) == 0.4
