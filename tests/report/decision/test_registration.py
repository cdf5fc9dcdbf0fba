"""How complete the registration is, in a sentence and its tables."""

import pytest

from evalkit.report.evidence.registration import how_complete


@pytest.fixture
def section(run, brief_with, published):
    def make(*rows, district="Norr", language="en", of=run):
        keys = ("district", "base", "field", "n_persons", "share")
        table = published("completeness", [dict(zip(keys, row, strict=True)) for row in rows])
        return how_complete(brief_with(of, table, district=district, language=language))

    return make


STARTED = [
    ("Norr", "started", "all", 50, 1.0),
    ("Norr", "started", "planned_end", 30, 0.6),
    ("Norr", "started", "hours_per_week", 50, 1.0),
]


def test_the_least_complete_field_is_told_with_what_it_costs(section):
    made = section(*STARTED)

    assert made.leads[0].striptags() == (
        "In Norr, the planned end is registered least often: for 60% of the 50 people who began an "
        "intervention in the last year. Without it the usual length of the intervention stands for "
        "the plan, and nobody sees who stays too long."
    )
    open_table, every_field = made.blocks[0].tables
    assert open_table.is_open and len(open_table.rows) == 1
    assert len(every_field.rows) == 2


def test_in_swedish_it_reads_as_swedish(section):
    lead = section(*STARTED, language="sv").leads[0].striptags().replace("\xa0", " ")

    assert lead.startswith("I Norr registreras det planerade slutet minst ofta: för 60 % av de 50")


def test_all_is_complete(section):
    made = section(STARTED[0], STARTED[2])

    assert (
        made.leads[0]
        .striptags()
        .startswith(
            "In Norr, all that the answers rest on is registered for nearly everybody: least often "
        )
    )
    assert [table.is_open for table in made.blocks[0].tables] == [False]


def test_the_city_shows_a_field_that_one_district_lacks(section):
    everywhere = [
        (district, "started", field, n, n / 100)
        for district, lacking in (("Norr", 60), ("Söder", 100), ("all", 97))
        for field, n in (("planned_end", lacking), ("hours_per_week", 100))
    ]

    made = section(*everywhere, district="all")

    grid, _ = made.blocks[0].tables
    assert grid.head == ("District", "The planned end")
    assert [row[0] for row in grid.rows] == ["Norr", "Öster & Ön", "Söder", "all districts"]


def test_what_nobody_registers_is_named_in_one_line(section):
    nobody = [("Norr", "started", "planned_end", 0, 0.0), ("all", "started", "planned_end", 0, 0.0)]

    made = section(*STARTED[:1], STARTED[2], *nobody)

    assert "registered for nearly everybody" in made.leads[0]
    assert [text.striptags() for text in made.blocks[0].text] == [
        "Not registered at all, or for next to nobody: the planned end."
    ]
    assert len(made.blocks[0].tables[0].rows) == 1


def test_a_section_of_nothing_registered_is_that_line_alone(section):
    made = section(
        ("all", "started", "all", 50, 1.0),
        ("all", "started", "planned_end", 0, 0.0),
        district="all",
    )

    assert made.leads == ()
    assert made.blocks[0].tables == ()
    assert len(made.blocks[0].text) == 1


def test_too_few_people_for_shares(section):
    made = section(
        ("Norr", "started", "all", 10, None), ("Norr", "started", "planned_end", 5, None)
    )

    assert "too few people" in made.leads[0]


def test_nothing_where_nothing_was_counted(section):
    assert section(("Syd", "started", "all", 50, 1.0)) is None


def test_a_district_that_is_pooled_is_told_with_its_neighbours(run, section):
    rules = run.params.monitoring.model_copy(update={"pooled": {"Båda": ("Norr", "Syd")}})
    params = run.params.model_copy(update={"monitoring": rules})
    of = run.model_copy(update={"params": params})
    rows = [("Båda", *row[1:]) for row in STARTED]

    leads = [lead.striptags() for lead in section(*rows, of=of).leads]

    assert "together with its neighbours, as Båda" in leads[0]
    assert leads[1].startswith("In Båda, the planned end is registered least often")
