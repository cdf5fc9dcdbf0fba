"""Where the money went, in a sentence, a picture and what contradicts itself."""

import pytest

from evalkit.params import Run
from evalkit.report.evidence.accounts import where_the_money_went

AREAS = ("district", "year", "currency", "cost_area", "budget", "booked", "recoded", "unspent")
MILLION = 1e6


@pytest.fixture
def section(run, brief_with, published):
    def make(tables=None, *, district="Norr", language="en", pooled=None):
        named = {
            name: [dict(zip(columns, row, strict=True)) for row in rows]
            for name, (columns, *rows) in (tables or {}).items()
        }
        of = _pooled(run, pooled) if pooled else run
        made = [published(name, rows) for name, rows in named.items()]
        return where_the_money_went(brief_with(of, *made, district=district, language=language))

    return make


def _pooled(run: Run, pooled: dict) -> Run:
    rules = run.params.monitoring.model_copy(update={"pooled": pooled})
    params = run.params.model_copy(update={"monitoring": rules})
    return run.model_copy(update={"params": params})


def areas(*rows):
    shares = [row[7] / row[4] if row[4] and row[7] is not None else None for row in rows]
    columns = (*AREAS, "unspent_share")
    return columns, *((*row, share) for row, share in zip(rows, shares, strict=True))


def millions(district, area, budget, booked, recoded, year=2012):
    amounts = [None if one is None else one * MILLION for one in (budget, booked, recoded)]
    left = None if None in (budget, recoded) else (budget - recoded) * MILLION
    return (district, year, "SEK", area, *amounts, left)


WHOLE = millions("Norr", "all", 84.6, 68.8, 71.1)
HOLIDAY = millions("Norr", "holiday_job", 13.9, 9.4, 11.7)
MOVES = (
    ("district", "year", "posting_id", "rule", "booked_area", "recoded_area", "amount", "currency"),
    ("Norr", 2012, "jobs", "at_hosts", "parks", "holiday_job", 2.3 * MILLION, "SEK"),
)
FAULTS = ("district", "year", "fault", "item", "other_item", "amount", "other_amount", "currency")


def text(markup) -> str:
    return markup.striptags().replace("\xa0", " ")


def test_the_lead_says_budget_bookings_and_what_is_left(section):
    made = section({"account_areas": areas(WHOLE, HOLIDAY)})

    assert text(made.leads[0]) == (
        "Of a budget of SEK 84.6 million for labour-market measures in Norr in 2012, SEK 71.1 "
        "million was booked on them. SEK 13.5 million (16%) was left, or went to something else."
    )


def test_in_swedish_it_reads_as_swedish(section):
    made = section({"account_areas": areas(WHOLE)}, language="sv")

    assert text(made.leads[0]) == (
        "Av en budget på 84,6 miljoner kr för arbetsmarknadsinsatser i Norr 2012 bokfördes 71,1 "
        "miljoner kr på dem. 13,5 miljoner kr (16 %) blev över eller gick till annat."
    )


@pytest.mark.parametrize(
    ("row", "begins"),
    [
        (millions("Norr", "all", 60.0, 71.1, 71.1), "SEK 71.1 million was booked on labour-market"),
        (millions("Norr", "all", None, 71.1, 71.1), "SEK 71.1 million was booked on labour-market"),
        (millions("Norr", "all", 60.0, None, None), "SEK 60.0 million was budgeted"),
    ],
)
def test_more_than_the_budget_or_one_side_alone_is_said_as_it_is(section, row, begins):
    assert text(section({"account_areas": areas(row)}).leads[0]).startswith(begins)


def test_the_picture_has_a_bar_for_budget_bookings_and_re_coded(section):
    made = section({"account_areas": areas(WHOLE, HOLIDAY)})

    table = made.blocks[0].tables[0]
    holiday, whole = table.rows
    assert table.is_open
    assert (holiday[0], whole[0]) == ("Holiday jobs", "All labour-market measures")
    assert [f'class="{view}"' in whole[1] for view in ("budget", "booked", "recoded")] == [True] * 3
    assert 'width="100.0%"' in whole[1]


def test_each_currency_has_a_sentence_and_a_picture_of_its_own(section):
    euros = (*WHOLE[:2], "EUR", *WHOLE[3:])

    made = section({"account_areas": areas(WHOLE, HOLIDAY, euros)})

    assert [text(lead)[:31] for lead in made.leads] == [
        "Of a budget of €84.6 million fo",
        "Of a budget of SEK 84.6 million",
    ]
    assert [len(table.rows) for table in made.blocks[0].tables] == [2, 1]


def test_refunds_alone_are_drawn_as_none(section):
    refund = millions("Norr", "all", None, -2.0, -2.0)

    (table, *_) = section({"account_areas": areas(refund)}).blocks[0].tables

    assert 'width="0.0%"' in table.rows[0][1]


def test_the_newest_year_is_told_and_the_others_are_folded(section):
    earlier = millions("Norr", "all", 80.0, 70.0, 70.0, year=2011)

    made = section({"account_areas": areas(earlier, WHOLE)})

    assert "in 2012" in text(made.leads[0])
    assert [table.is_open for table in made.blocks[0].tables] == [True, False]


def test_the_city_shows_the_districts_beside_each_other(section, run):
    norr, syd = run.params.districts[:2]
    rows = [millions("all", "all", 90.0, 80.0, 80.0), millions(norr, "all", 60.0, 50.0, 50.0)]
    rows += [millions(syd, "all", 30.0, 30.0, 30.0), millions(syd, "holiday_job", 3.0, 3.0, 3.0)]

    made = section({"account_areas": areas(*rows)}, district="all")

    table = made.blocks[0].tables[1]
    assert [row[0] for row in table.rows] == [norr, syd]
    assert [text(row[-1]) for row in table.rows] == ["17%", "0%"]


def test_contradictions_stand_in_words(section):
    twice = ("Norr", 2012, "posting_twice", "b", "a", 2.3 * MILLION, None, "SEK")
    more = ("all", 2012, "places_below", "course", "", 10.0, 1.2, None)

    own = section({"account_areas": areas(WHOLE), "account_faults": (FAULTS, twice, more)})

    assert [text(point) for point in own.blocks[0].points] == [
        "Norr 2012: posting b is the same as a in all but its number. SEK 2,300,000 may be counted "
        "twice."
    ]


def test_where_nothing_contradicts_itself_that_is_said(section):
    made = section({"account_areas": areas(WHOLE)})

    assert "Nothing in the accounts contradicts itself." in [text(t) for t in made.blocks[0].text]


def test_a_pooled_district_shows_its_areas_money_by_its_name(section):
    row = millions("North and south", "all", 84.6, 68.8, 71.1)
    fault = ("Syd", 2012, "posting_twice", "b", "a", 2.3 * MILLION, None, "SEK")
    tables = {"account_areas": areas(row), "account_faults": (FAULTS, fault)}

    made = section(tables, pooled={"North and south": ("Norr", "Syd")})

    with_whom, lead = made.leads
    assert "together with its neighbours, as North and south" in text(with_whom)
    assert "in North and south in 2012" in text(lead)
    assert len(made.blocks[0].points) == 1


def test_accounts_that_were_not_delivered_are_one_line(section):
    deliveries = ("table", "column", "question", "delivery")
    row = ("account", "all", "money", "not_delivered")

    made = section({"deliveries": (deliveries, row)})

    assert [text(lead) for lead in made.leads] == [
        "Accounts of the districts were not delivered. They would show what was budgeted and "
        "booked on what, and what contradicts itself."
    ]
    assert made.blocks == ()


def test_nothing_where_nobody_looked(section):
    assert section() is None


def test_the_city_says_what_places_cost_and_where_own_ones_are_cheaper(section):
    money = ("currency", "price_year")
    costs = ("intervention_id", "year", "places", "cost_per_filled_place", *money)
    ends = ("intervention_id", "measure", "estimate", "ci_lower", "ci_upper", *money)
    ranges = ("cost_lowest", "cost_highest", "share_lowest", "share_highest")
    reported = ("year", "currency", *ranges, "per_end_lowest", "per_end_highest")
    buy = ("intervention_id", "break_even", "break_even_lower", "break_even_upper", "cheaper")

    made = section(
        {
            "place_costs": (
                costs,
                ("course", 2020, 10.0, 9_100.0, "SEK", 2012),
                ("coaching", 2020, 10.0, 2_800.0, "SEK", 2012),
            ),
            "place_ends": (
                ends,
                ("course", "ended_somewhere", 550_000.0, 350_000.0, 850_000.0, "SEK", 2012),
                ("coaching", "ended_somewhere", 35_000.0, 20_000.0, 50_000.0, "SEK", 2012),
            ),
            "reported_places": (
                reported,
                (2012, "SEK", 20_000.0, 85_000.0, 0.15, 0.37, 54_054.0, 566_667.0),
            ),
            "make_or_buy": (
                buy,
                ("course", 22.5, 15.0, 30.0, "own"),
                ("coaching", *[None] * 3, "price_unknown"),
            ),
        },
        district="all",
    )

    places, own_or_bought = made.blocks
    said = " ".join(text(sentence) for sentence in places.text)
    assert "from SEK 2,800 a month (coaching) to SEK 9,100 (course)" in said
    assert "from SEK 35,000 (SEK 20,000 to SEK 50,000) (coaching)" in said
    assert "anything from SEK 54,000 to SEK 567,000 for each that ended" in said
    assert [text(sentence) for sentence in own_or_bought.text] == [
        "Course: own places are cheaper from 22 (15 to 30) filled places on. More than that are "
        "filled, so own ones are cheaper now.",
        "Not known of own places or bought ones, or of both, what they cost: coaching.",
    ]
