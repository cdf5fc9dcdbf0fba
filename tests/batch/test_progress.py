import io

from evalkit.batch.outcome import Outcome
from evalkit.batch.progress import Ahead, Display, LiveDisplay

UNITS = ["city/00_first", "city/01_second"]


def show_two_units(display: Display) -> str:
    with display.shown(Ahead(UNITS, {}, n_jobs=2)):
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
        "ok       city/00_first  1.2 s  [00_first 1 of 1; 1 of 2, 0 s, less than a minute left]",
        "failed   city/01_second  2.0 s  KeyError at In [3]  [01_second 1 of 1; 2 of 2, 0 s]",
    ]


def test_live_display_keeps_a_line_for_each_finished_unit():
    text = show_two_units(LiveDisplay(io.StringIO()))

    assert "ok       city/00_first  1.2 s" in text
    assert "failed   city/01_second  2.0 s  KeyError at In [3]" in text


DISTRICTS = [f"district/02_time@{name}" for name in ("north", "south", "east", "west")]


def test_what_is_left_follows_from_the_last_time_and_from_units_of_the_same_notebook():
    ahead = Ahead([*DISTRICTS, "city/08_last"], {"city/08_last": 100.0}, n_jobs=2)

    ahead.finished(Outcome(DISTRICTS[0], "ok", "", 300.0))

    assert ahead.seconds_left() == (3 * 300 + 100) / 2
    assert ahead.stage(DISTRICTS[1]) == "02_time 1 of 4"


def test_what_is_left_is_not_guessed_while_nothing_is_known():
    assert Ahead(DISTRICTS, {}, n_jobs=2).seconds_left() is None


def test_time_left_is_told_in_minutes_and_hours():
    display = Display(io.StringIO())

    told = []
    for seconds in (80.0, 300.0, 9000.0):
        with display.shown(Ahead(DISTRICTS[:1], {DISTRICTS[0]: seconds}, n_jobs=1)):
            told.append(display.time_left())

    assert told == [", about 1 min left", ", about 5 min left", ", about 2.5 h left"]
