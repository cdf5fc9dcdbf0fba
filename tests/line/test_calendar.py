"""Breaks in law: what a country's file declares, and what a protocol makes of those it names."""

from datetime import date
from pathlib import Path

import pytest

from evalkit.cli.check import crossed_breaks
from evalkit.errors import ParameterError, ProtocolError
from evalkit.line.calendar import BreakFile, break_months, breaks_of
from evalkit.line.protocols import load_protocols
from evalkit.params import Run, RunFile
from evalkit.records import load
from evalkit.words import protocol_card, words_of_run

PARAMS = Path(__file__).parents[2] / "params"
# Trials of months 4 to 47 (October 1993 to May 1997), followed for 24 months: to month 70.
CALENDAR = """
file: made_up
title: {en: Made up, sv: Påhittat}
breaks:
"""
for key, month, en, sv in [
    ("late", "1999-06", "Late", "Sen"),
    ("new_act", "1995-07", "New act", "Ny lag"),
    ("same_month", "1995-07", "Other", "Annan"),
    ("afterwards", "1998-01", "Cap", "Tak"),
    ("first", "1993-10", "First", "Först"),
]:
    CALENDAR += f"  - {{key: {key}, month: {month}, title: {{en: {en}, sv: {sv}}}, "
    CALENDAR += "status: in_force, source: none, grade: L}\n"


@pytest.fixture
def run_with(tmp_path):
    """The run of Northern Ireland with a made-up calendar, whose protocol names some breaks."""

    def make(named: str, *, calendar: str | None = CALENDAR) -> Run:
        protocol = (PARAMS / "protocols/training.yaml").read_text(encoding="utf-8")
        path, breaks = tmp_path / "training.yaml", tmp_path / "calendar.yaml"
        path.write_text(f"{protocol}\ncalendar: {{breaks: [{named}]}}\n", encoding="utf-8")
        breaks.write_text(calendar or "", encoding="utf-8")
        params = load(PARAMS / "northern_ireland.yaml", RunFile)
        effects = params.effects.model_copy(
            update={"protocols": (path,), "calendar": breaks if calendar else None}
        )
        params = params.model_copy(update={"effects": effects})
        return Run(run_dir=tmp_path, run_file=PARAMS / "northern_ireland.yaml", params=params)

    return make


def test_the_breaks_of_sweden_are_those_of_the_law():
    file = load(PARAMS / "calendar/sweden.yaml", BreakFile)

    months = {one.key: one.month for one in file.breaks}
    assert months["activity_requirement"] == date(2026, 7, 1)
    assert months["activity_requirement_support"] == date(2026, 10, 1)
    assert months["activity_sanction"] == date(2027, 7, 1)
    assert list(months.values()) == sorted(months.values())
    assert all({"en", "sv"} <= set(one.title) for one in file.breaks)


def test_a_break_within_the_trials_is_a_step_and_others_are_told(run_with):
    run = run_with("new_act, afterwards")

    (protocol,) = load_protocols(run)
    months = break_months(run)
    crossed = protocol.crossed_breaks(months)
    card = dict(protocol_card(protocol, words_of_run(run, "en"), crossed=crossed).iter_rows())

    # Month 1 is July 1993.
    assert months == {"first": 4, "new_act": 25, "same_month": 25, "afterwards": 55, "late": 72}
    assert protocol.calendar_steps == {"after_new_act": 25}
    assert protocol.calendar_terms[-1] == "after_new_act"
    # What changed in the month of a break that is named is allowed for; what held from the first
    # trial on, or comes after the last month followed, is not crossed.
    assert crossed == ("afterwards",)
    assert card["breaks in law"].replace("\N{NO-BREAK SPACE}", " ") == (
        "from January 1998: cap (left out: outside the trial months); "
        "from July 1995: new act (a step of its own in the models)"
    )


def test_breaks_that_nobody_names_are_crossed_and_change_no_model(run_with):
    run = run_with("")

    (protocol,) = load_protocols(run)

    assert protocol.calendar_terms == protocol.calendar_curve
    assert protocol.crossed_breaks(break_months(run)) == ("new_act", "same_month", "afterwards")


def test_a_run_without_a_calendar_knows_no_break(run_with):
    run = run_with("", calendar=None)

    (protocol,) = load_protocols(run)

    assert breaks_of(run) == () and protocol.crossed_breaks(break_months(run)) == ()
    assert "breaks in law" not in dict(protocol_card(protocol).iter_rows())


@pytest.mark.parametrize(
    ("named", "calendar", "where", "fix"),
    [
        ("new_akt", CALENDAR, 'new_akt (did you mean "new_act"?)', "effects.calendar"),
        ("new_act", None, "new_act", "effects.calendar"),
        ("new_act, same_month", CALENDAR, "new_act, same_month", "name one of them"),
    ],
)
def test_a_break_that_cannot_be_allowed_for_is_refused(run_with, named, calendar, where, fix):
    with pytest.raises(ProtocolError) as caught:
        load_protocols(run_with(named, calendar=calendar))

    lines = str(caught.value).split("\n")
    assert where in lines[1] and "calendar.breaks" in lines[1]
    assert fix in lines[3]


def test_a_calendar_that_names_a_break_twice_is_refused(run_with):
    run = run_with("", calendar=CALENDAR.replace("same_month", "new_act"))

    with pytest.raises(ParameterError, match="stand once each"):
        load_protocols(run)


def test_check_names_the_breaks_that_a_protocol_crosses(run_with):
    lines = crossed_breaks(run_with("new_act"))

    assert lines == [
        "calendar    protocol training crosses, and does not allow for: afterwards (1998-01); "
        "calendar.breaks names those within its trials"
    ]
    assert crossed_breaks(run_with("", calendar=None)) == []
