"""Time on support by group: does the rate of leaving fall, and who stays longer?"""

from markupsafe import Markup

from evalkit.line.characteristics import CHARACTERISTICS, group_order
from evalkit.report.parts.document import Block, Brief, DataTable
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import COUNT, MONTHS, Form, Row, key_number
from evalkit.report.parts.sentences import are_apart, clear_leader
from evalkit.report.view import View, cell, key, limits, number, of, pivoted, with_range

_RATE = Form("percent", 1)


def leaving_rates(brief: Brief) -> tuple[Block, ...]:
    """The rate of leaving by how long a period has lasted, with the caution that goes with it;
    nothing if it was not published.
    """
    if not brief.tables.family("exit_rates"):
        return ()
    caption, tables = brief.words.html("rates.caption"), _RATES.tables(brief, _rates(brief))
    return (
        Block(
            heading=brief.words.text("rates.heading"),
            text=(rates_in_words(brief),),
            figures=picture(brief, "exit_rates", caption, tables),
        ),
    )


def rates_in_words(brief: Brief) -> Markup:
    """What share left in the first and the last period shown, whether the rate changes, and that
    sorting of people may be why.
    """
    words = brief.words
    shown = [row for row in _rates(brief) if row.has("estimate")]
    if not shown:
        return words.html("rates.none")
    first, last = shown[0], shown[-1]
    numbers = {"first": brief.number(first, "estimate", _RATE), **_months_of(brief, first, "first")}
    if last is first:
        return _joined(words.html("rates.one", **numbers), words.html("rates.sorting"))
    numbers |= {"last": brief.number(last, "estimate", _RATE), **_months_of(brief, last, "last")}
    change = "falls" if first["estimate"] > last["estimate"] else "rises"
    verdict = f"rates.{change}" if are_apart([first, last]) else "rates.unclear"
    return _joined(
        words.html("rates.both", **numbers), words.html(verdict), words.html("rates.sorting")
    )


def who_stays(brief: Brief) -> tuple[Block, ...]:
    """Months and curves by sex, age and obstacle; nothing if they were not published."""
    if not brief.tables.family("group_months"):
        return ()
    return (
        Block(
            heading=brief.words.text("groups.heading"),
            text=groups_in_words(brief),
            figures=picture(
                brief,
                "group_curves",
                brief.words.html("chart.group_curves.title"),
                _curve_tables(brief),
            ),
            tables=_month_tables(brief),
        ),
    )


def groups_in_words(brief: Brief) -> tuple[Markup, ...]:
    """One sentence for each characteristic on who stays longest, as far as ranges allow; which are
    not told apart; what differences do not say.
    """
    words, rows = brief.words, _longest_horizon(brief)
    present = [
        name for name in CHARACTERISTICS if any(row["characteristic"] == name for row in rows)
    ]
    missing = [
        words.text(f"characteristic.{name}") for name in CHARACTERISTICS if name not in present
    ]
    sentences = [
        _comparison(brief, name, [row for row in rows if row["characteristic"] == name])
        for name in present
    ]
    absent = [words.html("groups.absent", missing=words.listing(missing))] if missing else []
    return (*sentences, *absent, *([words.html("groups.why")] if present else []))


def _comparison(brief: Brief, characteristic: str, rows: list[Row]) -> Markup:
    words = brief.words
    shown = sorted(
        (row for row in rows if row.has("estimate", "ci_lower", "ci_upper")),
        key=lambda row: -row["estimate"],
    )
    label = words.label(f"characteristic.{characteristic}")
    if len(shown) < 2:
        return words.html("groups.few", characteristic=label)
    longest, shortest = shown[0], shown[-1]
    numbers = {
        "characteristic": label,
        "longest": words.group(longest["group"]).lower(),
        "months": brief.number(longest, "estimate", MONTHS),
        "horizon": key_number(longest, "horizon_months", words),
    }
    if clear_leader(shown):
        return words.html("groups.leader", **numbers, range=brief.range_of(longest, MONTHS))
    if are_apart([longest, shortest]):
        fewer = brief.number(shortest, "estimate", MONTHS)
        return words.html(
            "groups.apart", **numbers, shortest=words.group(shortest["group"]).lower(), fewer=fewer
        )
    return words.html("groups.unclear", characteristic=label)


def _rates(brief: Brief) -> list[Row]:
    return sorted(
        brief.tables.rows("exit_rates", district=brief.district), key=lambda row: row["last_month"]
    )


def _months_of(brief: Brief, row: Row, name: str) -> dict[str, Markup]:
    return {
        f"{name}_from": brief.number(row, "first_month", COUNT),
        f"{name}_to": key_number(row, "last_month", brief.words),
    }


def _from_to(brief: Brief, row: Row) -> Markup:
    return brief.words.html(
        "rates.from_to",
        first=brief.number(row, "first_month", COUNT),
        last=key_number(row, "last_month", brief.words),
    )


def _longest_horizon(brief: Brief) -> list[Row]:
    rows = brief.tables.rows("group_months", district=brief.district)
    shown = [row for row in rows if row.has("estimate")]
    longest = max((row["horizon_months"] for row in shown or rows), default=None)
    return sorted(
        (row for row in rows if row["horizon_months"] == longest),
        key=lambda row: group_order(row["group"]),
    )


def _month_tables(brief: Brief) -> tuple[DataTable, ...]:
    rows = [
        row
        for name in CHARACTERISTICS
        for row in _longest_horizon(brief)
        if row["characteristic"] == name
    ]
    horizon = brief.words.number(rows[0]["horizon_months"]) if rows else ""
    return _GROUP_MONTHS.tables(brief, rows, horizon=horizon)


def _curve_tables(brief: Brief) -> tuple[DataTable, ...]:
    """The curves' values, one table for each characteristic and one column for each group."""
    rows = sorted(
        brief.tables.rows("group_curves", district=brief.district),
        key=lambda row: group_order(row["group"]),
    )
    return tuple(
        table
        for name in CHARACTERISTICS
        for table in _curve_table(
            brief, name, [row for row in rows if row["characteristic"] == name]
        )
    )


def _curve_table(brief: Brief, characteristic: str, rows: list[Row]) -> tuple[DataTable, ...]:
    groups = list(dict.fromkeys(row["group"] for row in rows))
    lines = pivoted(rows, "month", "group", groups)
    columns = [of(group, with_range(), text=brief.words.group(group)) for group in groups]
    view = _GROUP_CURVES.with_columns(
        *(of(group, key("month"), "stay.month") for group in groups[:1]), *columns
    )
    name = brief.words.text(f"characteristic.{characteristic}")
    return view.tables(brief, list(lines.values()), characteristic=name)


def _joined(*sentences: Markup) -> Markup:
    return Markup(" ").join(sentences)


_RATES = View(
    "exit_rates",
    "rates.caption",
    "rates",
    (
        cell("months", _from_to, "first_month", "last_month"),
        number("estimate", _RATE, head="rate"),
        limits(_RATE, head="stay.range"),
    ),
)
_GROUP_MONTHS = View(
    "group_months",
    "groups.months_caption",
    "stay",
    (
        cell("groups.group", lambda brief, row: brief.words.group(row["group"]), "group"),
        number("estimate", head="mean"),
        limits(),
        number("n_spells"),
        number("n_persons"),
    ),
    is_open=True,
)
_GROUP_CURVES = View("group_curves", "groups.curve_caption", "groups", ())
