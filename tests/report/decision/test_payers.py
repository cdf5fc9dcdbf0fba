"""Who pays and who gains: heading, sentences and the shared purse, each rule one way and the
other.
"""

import re

import pytest

from evalkit.line.actors import PAYERS
from evalkit.report.decision.payers import who_pays

WAIT = "start_now_rather_than_wait"
STATE = (30_000.0, 10_000.0, 50_000.0, 0.99)
GAIN, MAYBE = (20_000.0, 9_000.0, 40_000.0, 0.99), (20_000.0, -2_000.0, 50_000.0, 0.9)
LOSS, MAYBE_LOSS = (-9_000.0, -15_000.0, -2_000.0, 0.01), (-9_000.0, -20_000.0, 2_000.0, 0.1)
UNCLEAR, ZERO = (5_000.0, -20_000.0, 30_000.0, 0.6), (0.0, 0.0, 0.0, 0.0005)


@pytest.fixture
def part(run_of_two, brief_with, offered_tables, published):
    """The part about interventions, each with the sums of its payers (all unclear unless given) and
    what the district `paid` and gets `back`.
    """

    def make(*records, district="Norr", language="en", run=run_of_two, leave_out=()):
        tables = {
            table.name: table
            for table in offered_tables(*(_record(one) for one in records), district=district)
        }
        rows = [row for one in records for row in _payers(one) if row["payer"] not in leave_out]
        tables["value_payers"] = published("value_payers", rows)
        brief = brief_with(run, *tables.values(), district=district, language=language)
        return who_pays(brief)

    return make


def intervention(name="work_training", **more):
    return {"id": name, "society": STATE, "state": STATE, **more}


def _record(one):
    names = ("id", "society", "figures", "withheld")
    record = {name: one[name] for name in names if name in one}
    if "paid" in one:
        record |= {"paid": one["paid"], "gain": one["back"]}
    return record


def _payers(one):
    names = ("estimate", "ci_lower", "ci_upper", "probability_positive")
    scope = "all" if one.get("figures", "own").startswith("city") else "Norr"
    estimand = "" if one["id"].startswith("intervention_") else WAIT
    keys = {"district": scope, "intervention_id": one["id"], "estimand": estimand}
    return [
        keys
        | {"payer": payer, "horizon_months": 60, "currency": "SEK"}
        | dict(zip(names, one.get(payer, UNCLEAR), strict=True))
        for payer in PAYERS
    ]


@pytest.mark.parametrize(
    ("first", "second", "heading"),
    [
        (LOSS, LOSS, "The district pays, others gain"),
        (LOSS, UNCLEAR, "The district loses on work training"),
        (MAYBE_LOSS, GAIN, "The district probably loses on work training"),
        (GAIN, GAIN, "The district gains too"),
        (GAIN, MAYBE, "The district probably gains too"),
        (GAIN, UNCLEAR, "The state gains most"),
        (ZERO, ZERO, "The state gains most"),
    ],
)
def test_the_heading_follows_what_the_district_gains(part, first, second, heading):
    told = part(intervention(district=first), intervention("language_practice", district=second))

    assert re.sub("<[^>]+>", "", told.heading) == heading


def test_the_heading_asks_where_nobody_gains_surely(part):
    assert part(intervention(state=UNCLEAR)).heading == "Who pays, and who gains?"
    assert part(intervention(state=MAYBE)).heading == "The state probably gains most"


def test_a_verdict_says_of_whom_and_for_how_long(part):
    heading = part(intervention(district=LOSS)).heading

    assert 'data-question="pays" data-subject="Norr/work_training/district"' in heading
    assert 'data-horizon="60" data-band="no"' in heading


def test_what_the_district_lays_out_stands_beside_who_gains_most(part, plain):
    text = plain(part(intervention(paid=(41_200.0, 10_800.0), back=24_600.0, district=LOSS)))

    said = "Work training: the district lays out SEK 41,200 and gets back SEK 24,600 ."
    assert f"{said} The state gains most, +SEK 30,000 ." in text


def test_an_intervention_that_costs_the_district_nothing_says_who_gains(part, plain):
    text = plain(part(intervention(paid=(0.0, 0.0), back=0.0, district=ZERO)))

    assert "The state gains most from work training, +SEK 30,000 per start." in text
    assert "lays out" not in text and "the price that" not in text


def test_where_nobody_gains_the_one_who_loses_is_named(part, plain):
    unclear = plain(part(intervention(state=UNCLEAR)))
    loss = plain(part(intervention(state=LOSS)))

    assert "That any of the five gains from work training cannot be said." in unclear
    assert "loses" not in unclear and "The state loses, −SEK 9,000 ." in loss


@pytest.mark.parametrize(
    ("payer", "said"),
    [
        ("others", "The rest gains most from work training"),
        ("city_region", "The city with the region gains most from work training"),
    ],
)
def test_several_who_gain_are_one_in_a_sentence(part, plain, payer, said):
    assert said in plain(part(intervention(state=UNCLEAR, **{payer: STATE})))


def test_no_sentence_is_built_the_same_way_more_than_twice(part, plain):
    records = [
        intervention(f"intervention_{number}", paid=(9_000.0, 3_000.0), back=5_000.0)
        for number in range(40)
    ]

    told = part(*records)

    text = plain(told)
    assert told.body.count('class="payer-row"') == 7  # six and the axis
    assert text.count("lays out") == text.count("goes out from") == 2
    assert "Smaller or less sure" in text and "intervention 39" in text


def test_the_shared_purse_follows_from_the_intervention_where_it_moves_most(part, plain):
    text = plain(
        part(
            intervention(paid=(41_200.0, 10_800.0), back=24_600.0),
            intervention("language_practice", paid=(9_000.0, 8_000.0), back=5_000.0),
        )
    )

    assert "30% of the public gain from a start in work training ends up with the dis" in text
    assert "its part would be SEK 10,800 instead of SEK 41,200 ." in text


def test_nothing_is_proposed_where_the_district_would_not_pay_less(part, plain):
    assert "If each paid" not in plain(part(intervention(paid=(9_000.0, 9_500.0), back=5_000.0)))


def test_nothing_is_proposed_where_there_is_no_gain_to_divide(part, plain):
    loss = intervention(society=LOSS, paid=(57_400.0, 0.0), back=0.0)

    assert "If each paid" not in plain(part(loss))


def test_the_price_that_comes_back_is_dashed_left_of_zero(part):
    body = part(intervention(paid=(10_000.0, 1.0), back=40_000.0, district=GAIN)).body
    none = part(intervention(paid=(9_000.0, 1.0), back=0.0, district=LOSS)).body

    assert 'class="recovered of-district"' in body
    assert '<rect class="recovered' not in none


def test_bars_carry_their_numbers_and_the_table_their_ranges(part, plain):
    told = part(intervention())

    assert re.search(r'<tspan class="number" data-table="value_payers"[^>]+>30</tspan>', told.body)
    assert "thousand SEK" in plain(told) and "+SEK 30,000 ( SEK 10,000 to SEK 50,000 )" in plain(
        told
    )


def test_small_sums_are_written_whole(part, plain):
    small = dict.fromkeys(PAYERS, (300.0, 100.0, 500.0, 0.99))

    text = plain(part(intervention(society=(300.0, 100.0, 500.0, 0.99)) | small))

    assert "thousand" not in text and " 300 " in text


def test_there_is_no_part_without_a_value_or_with_a_payer_withheld(part, run_of_two, brief_with,
                                                                   offered_tables):  # fmt: skip
    no_value = offered_tables({"id": "work_training", "months": GAIN})

    assert who_pays(brief_with(run_of_two, *no_value, district="Norr")) is None
    assert part(intervention(), leave_out=("state",)) is None
    assert part(intervention(withheld=True)) is None


def test_a_name_is_escaped(part, make_run):
    run = make_run(wording={"value.work_training": {"sv": "<b>x" * 50, "en": "<b>x" * 50}})

    told = part(intervention(), run=run)

    assert "<b>x" not in told.heading + told.body and "&lt;b&gt;x" in told.body
