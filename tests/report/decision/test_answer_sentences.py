"""The three sentences of the first screen: each rule one way and the other."""

import re
from html import unescape

import pytest

from evalkit.report.decision.answer_sentences import answer_in_sentences
from evalkit.report.decision.offered import offered
from evalkit.vocabulary import band_of

SURE = (50_000.0, 10_000.0, 90_000.0, 0.99)
PROBABLE = (40_000.0, -5_000.0, 80_000.0, 0.9)
UNCLEAR = (9_000.0, -20_000.0, 40_000.0, 0.6)
UNLIKELY = (-15_000.0, -40_000.0, 8_000.0, 0.1)
LOSS = (-30_000.0, -60_000.0, -4_000.0, 0.01)
NOTHING = (0.0, 0.0, 0.0, 0.0)


@pytest.fixture
def told(run_of_two, brief_with, offered_tables):
    """The sentences in plain text, about records of interventions."""

    def tell(*records, district="Norr", language="en"):
        tables = offered_tables(*records, district=district)
        brief = brief_with(run_of_two, *tables, district=district, language=language)
        answer = answer_in_sentences(brief, offered(brief))
        parts = [answer.no_own, answer.population]
        parts += [sentence.finding + sentence.rest for sentence in answer.sentences]
        return [
            unescape(re.sub("<[^>]+>", "", part)).replace("\u00a0", " ") for part in parts if part
        ]

    return tell


def one(society, **more):
    return {"id": "work_training", "society": society, **more}


def other(society, **more):
    return {"id": "language_practice", "society": society, **more}


@pytest.mark.parametrize(
    ("society", "said"),
    [
        (
            SURE,
            "Over five years society gains from work training. A start gives society SEK",
        ),
        (PROBABLE, "Over five years society probably gains from work training. A start gives"),
        (UNCLEAR, "Whether society gains from work training over five years is unclear. The estim"),
        (UNLIKELY, "Over five years society probably does not gain from work training. The estim"),
        (LOSS, "Over five years society does not gain from work training. The estimate is −SEK 30"),
    ],
)
def test_the_answer_is_the_band_of_the_probability(told, society, said):
    assert told(one(society))[0].startswith(said)


def test_an_unsure_answer_tells_its_probability(told):
    assert told(one(UNCLEAR))[0].endswith("the probability that society gains is 60%.")


def test_interventions_of_other_bands_stand_behind_those_of_the_best(told):
    sentence = told(one(SURE), other(LOSS))[0]

    assert sentence.startswith(
        "Over five years society gains from work training; not from language practice. Most comes "
        "from work training: SEK 50,000 (10,000 to 90,000) per start."
    )


def test_all_of_three_or_more_are_said_together(told):
    third = {"id": "coaching", "society": SURE}

    assert told(one(SURE), other(SURE), third)[0].startswith(
        "Over five years society gains from every intervention that could be valued."
    )


def test_what_gives_about_the_same_without_a_leader_is_told_as_a_span(
    run_of_two, brief_with, offered_tables, published
):
    records = [one(SURE), other((45_000.0, 8_000.0, 80_000.0, 0.98))]
    options = published(
        "value_options",
        [
            {
                "district": "Norr",
                "estimand": "start_now_rather_than_wait",
                "option": "work_training",
                "probability_best": 0.55,
            }
        ],
    )
    brief = brief_with(run_of_two, *offered_tables(*records), options, district="Norr")

    sentence = answer_in_sentences(brief, offered(brief)).sentences[0]

    assert "They give about the same: SEK 45,000 to SEK 50,000 per start." in re.sub(
        "<[^>]+>", "", sentence.rest
    ).replace("\u00a0", " ")


def test_of_many_the_first_are_named(told):
    many = [
        {
            "id": f"course_{number}",
            "society": (50_000.0 - number, 1.0, 2.0, 0.6 if number else 0.99),
        }
        for number in range(9)
    ]

    assert (
        "course 0; for course 1, course 2, course 3 and more in the table it is unclear"
        in told(*many)[0]
    )


def test_a_district_without_figures_of_its_own_says_so_and_whose_stand(told):
    borrowed = {"figures": "city_few_starters"}

    sentences = told(
        one(SURE, **borrowed, own_starters_needed=130),
        other(SURE, **borrowed, own_starters_needed=120),
    )

    assert sentences[:2] == [
        "Norr has too few starts for figures of its own; those take at least about 120 starts in "
        "one intervention.",
        "This holds for all districts together:",
    ]


def test_figures_of_the_district_s_own_are_told_without_those_of_all(told):
    sentences = told(one(UNCLEAR), other(SURE, figures="city_few_starters"))

    assert sentences[0].startswith("Whether society gains from work training")
    assert "language practice" not in " ".join(sentences)


@pytest.mark.parametrize(
    ("district", "society", "said"),
    [
        (LOSS, SURE, "Whoever pays is not whoever gains: a start in work training costs the distr"),
        (LOSS, LOSS, "The district loses: a start"),
        (SURE, SURE, "The district gains too: a start"),
        (SURE, LOSS, "The district gains: a start"),
        (UNCLEAR, SURE, "Whether the district itself gains is unclear: a start"),
        (PROBABLE, SURE, "The district probably gains too: a start"),
        (UNLIKELY, SURE, "Whoever pays is probably not whoever gains: a start"),
        (UNLIKELY, LOSS, "The district probably loses: a start"),
        (PROBABLE, LOSS, "The district probably gains: a start"),
    ],
)
def test_who_pays_is_told_of_the_district_beside_society(told, district, society, said):
    record = one(society, district=district, paid=(20_000.0, 5_000.0), gain=12_000.0)

    assert told(record)[1].startswith(said)


def test_the_payer_that_gains_most_is_told_with_whether_it_pays(told):
    record = one(SURE, district=LOSS, paid=(20_000.0, 5_000.0), gain=12_000.0, state=SURE)

    assert told(record)[1].endswith(
        "costs the district SEK 20,000 net and returns SEK 12,000 over five years, while "
        "SEK 50,000 goes without cost to the state."
    )


def test_a_payer_that_probably_gains_is_said_to_do_so_probably(told):
    record = one(SURE, district=LOSS, paid=(20_000.0, 5_000.0), gain=12_000.0, state=PROBABLE)

    assert told(record)[1].endswith("while SEK 40,000 probably goes without cost to the state.")


def test_a_district_that_pays_nothing_is_told_what_it_gains(told):
    record = one(SURE, district=SURE, paid=(-4_000.0, -1_000.0), gain=46_000.0)

    assert told(record)[1] == (
        "The district gains too: a start in work training gives the district SEK 50,000 (10,000 to "
        "90,000) over five years."
    )


def test_a_payer_that_may_lose_is_not_said_to_gain(told):
    record = one(SURE, district=LOSS, paid=(20_000.0, 5_000.0), gain=12_000.0, state=UNCLEAR)

    assert told(record)[1].endswith("returns SEK 12,000 over five years.")


def test_where_no_posting_concerns_a_district_those_who_are_moved_are_told(told):
    record = one(UNCLEAR, district=NOTHING, state=LOSS, person=UNCLEAR)

    assert told(record)[1] == (
        "Loss for the state: −SEK 30,000 (−60,000 to −4,000); unclear for the person: SEK 9,000 "
        "(−20,000 to 40,000), counted per start in work training over five years."
    )


def test_nothing_is_said_of_payers_without_their_table(told):
    assert len(told(one(SURE, district=NOTHING))) == 1


def test_the_soonest_to_return_is_told_against_the_others(told):
    sentences = told(
        one(SURE, purse=SURE, back=(30, 0.99)), other(SURE, purse=SURE, back=(16, 0.97))
    )

    assert sentences[1] == (
        "Soonest back is language practice: the public purse has its money back after 16 months, "
        "against 30 for work training."
    )


def test_where_all_others_are_back_they_need_no_names(told):
    third = {"id": "coaching", "society": SURE, "purse": SURE, "back": (24, 0.99)}
    records = [one(SURE, purse=SURE, back=(30, 0.99)), other(SURE, purse=SURE, back=(16, 0.97))]

    assert told(*records, third)[1].endswith(", against 24 and 30 for the others.")


def test_those_that_never_are_back_are_not_among_the_others(told):
    third = {"id": "coaching", "society": SURE, "purse": SURE, "back": (None, 0.2)}
    records = [one(SURE, purse=SURE, back=(30, 0.99)), other(SURE, purse=SURE, back=(16, 0.97))]

    assert told(*records, third)[1].endswith(", against 30 for work training.")


@pytest.mark.parametrize(
    ("back", "said"),
    [
        ((21, 0.99), "The public purse has its money for work training back after 21 months."),
        ((21, 0.85), "The public purse probably has its money for work training back after 21 mo"),
        ((0, 0.99), "The public purse is never out of pocket for work training."),
        ((21, 0.6), "Whether the public purse gets its money for work training back over five ye"),
        ((None, 0.1), "The public purse probably does not get its money for work training back ov"),
        ((None, 0.02), "The public purse does not get its money for work training back over five "),
        ((None, 0.85), "The public purse probably gets its money for work training back over five"),
    ],
)
def test_when_the_money_is_back_follows_its_probability(told, back, said):
    assert told(one(SURE, purse=SURE, back=back))[1].startswith(said)


def test_nothing_is_said_of_a_purse_that_no_posting_concerns(told):
    assert len(told(one(SURE, purse=NOTHING, back=(0, 1.0)))) == 1


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([], "No intervention is among the delivered data, so what they give cannot be said."),
        (
            [{"id": "coaching"}],
            "What the interventions change cannot be said: effect not computed.",
        ),
        (
            [{"id": "work_training", "withheld": True}],
            "The numbers rest on too few people to be shown.",
        ),
    ],
)
def test_where_nothing_is_valued_one_sentence_says_why(told, records, said):
    assert told(*records) == [said]


def test_an_effect_without_prices_is_said_to_have_no_value(
    run_of_two, brief_with, offered_tables, published
):
    record = {"id": "work_training", "months": (2.0, 1.0, 3.0, 0.99), "reason": "no_price_book"}
    status = published(
        "effect_status",
        [
            {
                "district": "Norr",
                "intervention_id": "work_training",
                "estimand": "start_now_rather_than_wait",
                "effect_state": "estimated",
            }
        ],
    )
    brief = brief_with(run_of_two, *offered_tables(record), status, district="Norr")

    (sentence,) = answer_in_sentences(brief, offered(brief)).sentences

    assert sentence.finding + sentence.rest == (
        "What the interventions are worth cannot be said: no price book."
    )


@pytest.mark.parametrize("society", [SURE, PROBABLE, UNCLEAR, UNLIKELY, LOSS])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_verdict_is_marked_with_the_band_of_its_row(
    run_of_two, brief_with, offered_tables, society, language
):
    records = [one(society, purse=society, back=(21, society[3])), other(society)]
    brief = brief_with(run_of_two, *offered_tables(*records), district="Norr", language=language)

    answer = answer_in_sentences(brief, offered(brief))

    marked = re.findall(
        r'data-subject="([^"]+)"[^>]*data-band="([^"]+)"',
        "".join(sentence.finding + sentence.rest for sentence in answer.sentences),
    )
    assert {subject for subject, _ in marked} == {
        "Norr/work_training/society",
        "Norr/language_practice/society",
        "Norr/work_training/public_purse",
    }
    assert {band for _, band in marked} == {band_of(society[3])}
