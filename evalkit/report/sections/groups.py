"""Time on support told apart: does the rate of leaving fall, and who stays longer?"""

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief, DataTable
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import COUNT, MONTHS, SHARE, Form, Row, key_number
from evalkit.report.parts.sentences import are_apart, clear_leader

CHARACTERISTICS = ("sex", "age", "obstacle")
_RATE = Form("percent", 1)
_TABLE_STEP_MONTHS = 6


def leaving_rates(brief: Brief) -> tuple[Block, ...]:
    """The rate of leaving by how long a period has lasted, with the caution that goes with it;
    nothing if it was not published.
    """
    if not brief.shelf.family("exit_rates"):
        return ()
    said = rates_in_words(brief)
    return (
        Block(
            heading=brief.words.text("rates.heading"),
            text=(said,),
            figures=picture(
                brief, "exit_rates", brief.words.html("rates.caption"), _rate_table(brief)
            ),
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
    if not brief.shelf.family("group_months"):
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
            tables=_month_table(brief),
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


def _place(row: Row) -> tuple[bool, bool, str]:
    """Where a group stands: the youngest band first, those whose group is not known last."""
    return row["group"] == "not_known", not row["group"].startswith("–"), row["group"]


def _rates(brief: Brief) -> list[Row]:
    return sorted(
        brief.shelf.rows("exit_rates", district=brief.district), key=lambda row: row["last_month"]
    )


def _months_of(brief: Brief, row: Row, name: str) -> dict[str, Markup]:
    return {
        f"{name}_from": brief.number(row, "first_month", COUNT),
        f"{name}_to": key_number(row, "last_month", brief.words),
    }


def _rate_table(brief: Brief) -> tuple[DataTable, ...]:
    words = brief.words
    body = tuple(
        (
            words.html(
                "rates.from_to",
                first=brief.number(row, "first_month", COUNT),
                last=key_number(row, "last_month", words),
            ),
            brief.number(row, "estimate", _RATE),
            brief.range_of(row, _RATE),
        )
        for row in _rates(brief)
    )
    head = tuple(words.text(key) for key in ("rates.months", "rates.rate", "stay.range"))
    return (
        DataTable(
            caption=words.text("rates.caption"), head=head, rows=body, note=brief.note("exit_rates")
        ),
    )


def _longest_horizon(brief: Brief) -> list[Row]:
    rows = brief.shelf.rows("group_months", district=brief.district)
    longest = max((row["horizon_months"] for row in rows if row.has("estimate")), default=None)
    longest = (
        longest
        if longest is not None
        else max((row["horizon_months"] for row in rows), default=None)
    )
    return sorted((row for row in rows if row["horizon_months"] == longest), key=_place)


def _month_table(brief: Brief) -> tuple[DataTable, ...]:
    words, rows = brief.words, _longest_horizon(brief)
    if not rows:
        return ()
    body = tuple(
        (
            words.group(row["group"]),
            brief.number(row, "estimate", MONTHS),
            brief.range_of(row, MONTHS),
            brief.number(row, "n_spells", COUNT),
            brief.number(row, "n_persons", COUNT),
        )
        for name in CHARACTERISTICS
        for row in rows
        if row["characteristic"] == name
    )
    head = tuple(
        words.text(key)
        for key in ("groups.group", "stay.mean", "stay.range", "stay.n_spells", "stay.n_persons")
    )
    caption = words.text("groups.months_caption", horizon=words.number(rows[0]["horizon_months"]))
    return (
        DataTable(
            caption=caption, head=head, rows=body, note=brief.note("group_months"), is_open=True
        ),
    )


def _curve_tables(brief: Brief) -> tuple[DataTable, ...]:
    """The curves' values at every sixth month, one table for each characteristic and one column for
    each group.
    """
    rows = sorted(brief.shelf.rows("group_curves", district=brief.district), key=_place)
    return tuple(
        _curve_table(brief, name, part)
        for name in CHARACTERISTICS
        if (part := [row for row in rows if row["characteristic"] == name])
    )


def _curve_table(brief: Brief, characteristic: str, rows: list[Row]) -> DataTable:
    words = brief.words
    groups = {row["group"]: brief.words.group(row["group"]) for row in rows}
    cells = {(row["month"], row["group"]): row for row in rows}
    months = sorted({row["month"] for row in rows if row["month"] % _TABLE_STEP_MONTHS == 0})
    complete = [month for month in months if all((month, group) in cells for group in groups)]
    body = tuple(
        (
            key_number(cells[month, next(iter(groups))], "month", words),
            *(brief.in_brackets(cells[month, group], "estimate", SHARE) for group in groups),
        )
        for month in complete
    )
    caption = words.text(
        "groups.curve_caption", characteristic=words.text(f"characteristic.{characteristic}")
    )
    return DataTable(
        caption=caption,
        head=(words.text("stay.month"), *groups.values()),
        rows=body,
        note=brief.note("group_curves"),
    )


def _joined(*sentences: Markup) -> Markup:
    return Markup(" ").join(sentences)
