"""A run brings names for its interventions and postings; its wording stands above them."""

import pytest

from evalkit.errors import ParameterError
from evalkit.words import words as words_in
from evalkit.words import words_of_run
from evalkit.words.run_words import inside_sentence, protocols_of, with_names_of_run


def test_words_of_run_name_interventions_and_postings(run):
    w = words_of_run(run, "sv")

    assert (w.text("work_training"), w.label("posting.place")) == (
        "arbetsträning",
        "Plats i arbetsträning",
    )


def test_words_of_run_put_the_runs_wording_above_the_protocol(make_run):
    run = make_run(wording={"value.work_training": {"sv": "praktik", "en": "practice"}})

    assert words_of_run(run, "en").text("work_training") == "practice"


def test_every_district_of_a_run_has_words_as_a_covariate(run, words):
    lives_in = {"sv": "bor i ", "en": "lives in "}[words.language]

    assert [words.text(f"lives_in_{district}") for district in run.params.districts] == [
        lives_in + district for district in run.params.districts
    ]


def test_with_names_of_run_adds_only_what_is_missing(run):
    given = words_in("en", {"support": {"sv": "utan arbete", "en": "jobless"}})

    completed = with_names_of_run(given, run)

    assert (completed.text("support"), completed.text("work_training")) == (
        "jobless",
        "work training",
    )


def test_words_of_run_in_a_language_that_the_report_is_not_in_fall_back(make_run):
    run = make_run(languages=["sv"], wording={"value.harbour_course": {"sv": "hamnkurs"}})

    w = words_of_run(run, "en")

    assert [w.text(name) for name in ("harbour_course", "work_training", "lives_in_Norr")] == [
        "hamnkurs",
        "work training",
        "lives in Norr",
    ]
    with pytest.raises(ParameterError, match=r'"value.harbour_course" lacks en'):
        words_of_run(make_run(wording={"value.harbour_course": {"sv": "hamnkurs"}}), "en")


def test_words_of_run_work_without_protocols_and_prices(make_run):
    run = make_run(effects={}, value={})

    assert words_of_run(run, "sv").text("work") == "arbete"


def test_protocols_of_name_the_missing_file(make_run):
    run = make_run(effects={"protocols": ["nowhere.yaml"]})

    with pytest.raises(ParameterError) as caught:
        protocols_of(run)

    assert str(caught.value).splitlines()[0] == "A parameter file is missing."


@pytest.mark.parametrize(
    ("title", "inside"), [("Arbetsträning", "arbetsträning"), ("CSN-lån", "CSN-lån"), ("", "")]
)
def test_inside_sentence_keeps_the_capitals_of_abbreviations(title, inside):
    assert inside_sentence(title) == inside
