"""The matrix of districts and interventions: what its heading and cells say follows from whose
figures there are and how sure they are.
"""

import pytest
import yaml
from markupsafe import Markup

from evalkit.report.decision.matrix import MOST_COLUMNS, where_it_pays

DISTRICTS = ("Norr", "Öster & Ön", "Söder")
ESTIMAND = "start_now_rather_than_wait"
NBSP = "\u00a0"
LONG_NAME = "<i>long</i> " + "name " * 38


@pytest.fixture
def tables(published):
    """Tables of a city: by intervention, the probability that society gains from a start in each
    district; None where too few start there, "absent" where it is not offered.
    """

    def make(probabilities: dict[str, tuple]):
        offers, advice, parts, status = [], [], [], []
        for name, of_districts in probabilities.items():
            for district, probability in zip(
                (*DISTRICTS, "all"), (*of_districts, 0.99), strict=True
            ):
                if probability == "absent":
                    continue
                keys = {"district": district, "intervention_id": name}
                is_thin = probability is None
                offers.append({**keys, "name": name, "n_starts": 40.0})
                advice.append(
                    {
                        **keys,
                        "advice": "keep",
                        "advice_reason": "gains_less_surely",
                        "figures": "city_few_starters" if is_thin else "own",
                        "horizon_months": 60,
                        "currency": "SEK",
                    }
                )
                effect = {**keys, "estimand": ESTIMAND}
                status.append(
                    {
                        **effect,
                        "effect_state": "estimated",
                        "n_starters": 37 if is_thin else 400,
                        "withheld": is_thin and district == "Söder",
                    }
                )
                if not is_thin:
                    parts.append(
                        {
                            **effect,
                            "perspective": "society",
                            "part": "total",
                            "estimate": 47_812.0 * (2 * probability - 1),
                            "probability_positive": probability,
                            "horizon_months": 60,
                            "currency": "SEK",
                        }
                    )
        rows = {"offers": offers, "advice": advice, "value_parts": parts, "effect_status": status}
        return [published(name, made) for name, made in rows.items()]

    return make


@pytest.fixture
def run_of(make_run):
    """A run with a protocol for each of these interventions, whose names are as given."""

    def make(names: dict[str, str], **changes):
        files = {name: f"{name}.yaml" for name in names}
        wording = {f"value.{name}": {"sv": word, "en": word} for name, word in names.items()}
        run = make_run(effects={"protocols": [*files.values()]}, wording=wording, **changes)
        protocol = yaml.safe_load(run.path("protocol.yaml").read_text(encoding="utf-8"))
        for name, file in files.items():
            own = protocol | {"protocol": name, "intervention_id": name}
            run.path(file).write_text(yaml.safe_dump(own), encoding="utf-8")
        return run

    return make


@pytest.fixture
def run_of_two(run_of):
    return run_of({"training": "training", "coaching": "coaching"})


def words_of(markup: str) -> str:
    return " ".join(Markup(markup).striptags().replace(NBSP, " ").split())


def cells_of(part, district: str) -> list[str]:
    """The texts of a district's cells, without the counts before the interventions."""
    row = next(row for row in part.body.split("<tr") if f">{district}</a>" in row)
    return [words_of(cell.partition(">")[2]) for cell in row.split("<td")[1:]]


@pytest.mark.parametrize(
    ("first", "second", "heading"),
    [
        (
            (0.99, 0.96, 0.6),
            (0.99, 0.9, 0.3),
            "Training pays for society over five years in two of three districts, coaching in only "
            "one of three",
        ),
        (
            (0.99, 0.96, 0.6),
            (0.9, None, 0.3),
            "Training pays for society over five years in two of three districts, coaching not "
            "surely in any of two",
        ),
        (
            (0.99, 0.96, None),
            (None, 0.96, None),
            "All interventions pay for society over five years in every district with figures of "
            "its own",
        ),
        (
            (0.99, 0.96, None),
            (None, None, None),
            "Training pays for society over five years in all two districts with figures of their "
            "own",
        ),
        (
            (0.99, None, None),
            (None, None, None),
            "Training pays for society over five years in the one district with figures of its own",
        ),
        (
            (0.9, 0.6, 0.1),
            (0.9, None, None),
            "No intervention surely pays for society over five years in any district",
        ),
        (
            (None, None, None),
            (None, None, None),
            "No district has starts enough for figures of its own",
        ),
    ],
)
def test_the_heading_says_in_how_many_districts_it_pays(
    run_of_two, tables, brief_with, first, second, heading
):
    made = tables({"training": first, "coaching": second})

    assert where_it_pays(brief_with(run_of_two, *made)).heading == heading


def test_a_cell_tells_value_and_verdict_or_why_there_is_none(run_of_two, tables, brief_with):
    made = tables({"training": (0.99, None, None), "coaching": (0.6, 0.02, None)})

    part = where_it_pays(brief_with(run_of_two, *made))

    # The matrix begins with the most valuable intervention; both are worth the same to the city.
    assert cells_of(part, "Norr") == ["+9,600 unclear", "+46,900 yes"]
    assert cells_of(part, "Öster &amp; Ön") == ["−45,900 no", "too few starters (35)"]
    assert cells_of(part, "Söder") == ["too few starters", "too few starters"]


def test_a_verdict_says_what_it_is_about(run_of_two, tables, brief_with):
    made = tables({"training": (0.99, None, None), "coaching": (0.6, 0.02, None)})

    body = where_it_pays(brief_with(run_of_two, *made)).body

    assert 'data-subject="Norr/training/society" data-horizon="60" data-band="yes"' in body
    assert body.count('data-question="pays"') == 3


def test_an_intervention_that_a_district_does_not_offer_is_said_not_to_be_there(
    run_of_two, tables, brief_with
):
    made = tables({"training": (0.99, 0.5, 0.5), "coaching": (0.6, 0.02, "absent")})

    assert cells_of(where_it_pays(brief_with(run_of_two, *made)), "Söder") == [
        "not offered here",
        "0 unclear",
    ]


def test_districts_stand_with_how_many_and_how_long(run_of_two, tables, published, brief_with):
    made = tables({"training": (0.99, 0.5, 0.5), "coaching": (0.6, 0.5, 0.5)})
    people = {"measure": "long_term_10_of_12", "answer": "all"}
    counts = [
        {"district": "Norr", "year": 2021, "n_persons": 1631, **people},
        {"district": "Norr", "year": 2020, "n_persons": 9999, **people},
        {"district": "Söder", "year": 2021, "n_persons": 7, **people, "withheld": True},
    ]
    stays = [{"district": "Norr", "horizon_months": 24, "estimate": 7.61}]

    part = where_it_pays(
        brief_with(
            run_of_two,
            *made,
            published("long_term", counts),
            published("time_on_support", stays),
        )
    )

    assert cells_of(part, "Norr")[:2] == ["1,630", "7.6"]
    assert cells_of(part, "Söder")[:2] == ["not shown", "–"]
    assert "Adults on income support 2021" in words_of(part.body)


def test_no_value_leaves_the_districts_and_says_so(run_of_two, tables, brief_with):
    made = [
        table
        for table in tables({"training": (0.9, 0.9, 0.9), "coaching": (0.9, 0.9, 0.9)})
        if table.name != "value_parts"
    ]

    part = where_it_pays(brief_with(run_of_two, *made))

    assert part.heading == "The districts, with how many and how long"
    assert "No value has been computed" in part.body and "Söder" in part.body


def test_no_effect_and_no_offer_leave_the_districts(run, brief_with):
    part = where_it_pays(brief_with(run))

    assert "No value has been computed" in part.body and "Söder" in part.body


def test_one_district_is_no_matrix(run_of, tables, brief_with):
    run = run_of({"training": "training"}, districts=["Norr"])

    part = where_it_pays(brief_with(run, *tables({"training": (0.99, 0.9, 0.9)})))

    assert part.heading == "Norr is the only district, so there are no others to compare it with."
    assert part.body == ""


def test_forty_interventions_leave_the_six_most_valuable(run_of, tables, brief_with):
    names = {f"i{number:02}": f"course {number:02}" for number in range(40)}

    part = where_it_pays(brief_with(run_of(names), *tables(dict.fromkeys(names, (0.99, 0.9, 0.9)))))

    assert len(cells_of(part, "Norr")) == MOST_COLUMNS
    assert "course 39" in words_of(part.body).split("Further interventions")[1]


def test_names_of_any_length_and_with_markup_are_escaped(run_of, tables, brief_with):
    run = run_of({"training": LONG_NAME})

    part = where_it_pays(brief_with(run, *tables({"training": (0.99, 0.9, 0.9)})))

    assert "&lt;i&gt;long" in part.body and "<i>long" not in part.body
    assert LONG_NAME.strip() in part.heading and not isinstance(part.heading, Markup)
