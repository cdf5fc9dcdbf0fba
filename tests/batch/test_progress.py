import io

from evalkit.batch.outcome import Outcome
from evalkit.batch.progress import Display, LiveDisplay

UNITS = ["city/00_first", "city/01_second"]


def show_two_units(display: Display) -> str:
    with display.shown(UNITS):
        for unit in UNITS:
            display.started(unit)
        display.finished(Outcome(UNITS[0], "ok", "never done", 1.25))
        display.finished(Outcome(UNITS[1], "failed", "KeyError at In [3]", 2.0))
    return display.stream.getvalue()


def test_plain_display_writes_a_line_for_each_start_and_end():
    lines = show_two_units(Display(io.StringIO())).splitlines()

    assert lines == [
        "start    city/00_first",
        "start    city/01_second",
        "ok       city/00_first  1.2 s  [1 of 2, 0 s]",
        "failed   city/01_second  2.0 s  KeyError at In [3]  [2 of 2, 0 s]",
    ]


def test_live_display_keeps_a_line_for_each_finished_unit():
    text = show_two_units(LiveDisplay(io.StringIO()))

    assert "ok       city/00_first  1.2 s" in text
    assert "failed   city/01_second  2.0 s  KeyError at In [3]" in text
