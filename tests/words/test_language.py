"""Every language has every word, and numbers are written as each reader writes them."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

import evalkit
from evalkit.disclosure import RULES
from evalkit.errors import ParameterError
from evalkit.words import divided, languages, money_digits, with_soft_hyphens, words
from evalkit.words.files import FOLDER, texts_of

MINUS, NBSP = "\u2212", "\u00a0"
PACKAGE = Path(evalkit.__file__).parent


KEYS = texts_of("en").keys()


def copied_languages(folder: Path, changed: dict[str, str]) -> Path:
    """The languages' files in a folder of their own, with lines put in the place of others."""
    for path in FOLDER.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        for old, new in changed.items():
            name, _, line = old.partition(": ")
            if name == path.name:
                assert text.count(line) == 1
                text = text.replace(line, new)
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({'en.yaml: value.work: "work"\n': ""}, "en.yaml lacks value.work"),
        ({'sv.yaml: value.work: "arbete"': 'value.work: ""'}, "sv.yaml lacks value.work"),
        ({'sv.municipalities.yaml: page.menu: "': 'page.manu: "'}, "sv.yaml lacks page.manu"),
        ({'en.yaml: "{low} to {high}"': '"{low} to {top}"'}, "unit.range: other placeholders"),
    ],
)
def test_a_word_that_is_missing_in_one_language_is_named_by_file_and_key(
    tmp_path, monkeypatch, changed, fault
):
    monkeypatch.setattr("evalkit.words.files.FOLDER", copied_languages(tmp_path, changed))

    with pytest.raises(ParameterError) as caught:
        words("sv")

    what, where, *_ = str(caught.value).splitlines()
    assert "of the languages' files" in what and fault in where


def test_a_language_that_has_no_file_is_refused_with_those_that_exist():
    with pytest.raises(ParameterError) as caught:
        words("no")

    assert str(caught.value).splitlines() == [
        "There is no such language.",
        '  where: "no"; languages that exist: en, sv',
        "  why:   A language is a file of texts and a record in locales.yaml, both in words/.",
        "  fix:   choose one of the languages, or add no.yaml and its record.",
    ]


def test_a_language_without_its_record_of_numbers_is_refused(tmp_path, monkeypatch):
    changed = {"locales.yaml: sv:\n": "se:\n"}
    monkeypatch.setattr("evalkit.words.files.FOLDER", copied_languages(tmp_path, changed))

    with pytest.raises(ParameterError, match=r"locales.yaml, sv"):
        words("sv").number(1)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_text_names_districts_where_they_are_municipalities(language):
    entries = words(language, districts_are="municipalities").entries
    said = {key: re.sub(r"\{\w+\}", "", text) for key, text in entries.items()}

    assert [
        key
        for key, text in said.items()
        if re.search("distri[ck]t", text, re.IGNORECASE) and not key.startswith("contract.")
    ] == []


def test_values_fill_each_other_without_end():
    assert all(
        words(language).text(key.removeprefix("value."))
        for language in languages()
        for key in KEYS
        if key.startswith("value.")
    )


@pytest.mark.parametrize(
    ("term", "sv", "en"),
    [
        ("calendar_time", "kalendertid", "calendar time"),
        (
            "calendar_time_curve_3",
            "kalendertid, kurvans böjning 3",
            "calendar time, bend 3 of the curve",
        ),
        ("covariate.age_from_12", "ålder utan arbete: från 12", "age without a job: from 12"),
        ("age_unknown", "ålder utan arbete: ej känt", "age without a job: not known"),
        ("season_from_3", "start i mars–maj", "start in March–May"),
    ],
)
def test_every_term_of_a_covariate_with_a_word_has_words(term, sv, en):
    own = {"value.age": {"sv": "ålder utan arbete", "en": "age without a job"}}

    shown = [words(language, own).text(term) for language in ("sv", "en")]

    assert shown == [sv, en]
    assert words("en", own).has(term)
    assert not words("en").has("nobody_knows_unknown")


def test_languages_have_every_text_that_the_code_names():
    files = [path for ending in ("py", "j2", "html") for path in PACKAGE.rglob(f"*.{ending}")]
    source = " ".join(path.read_text(encoding="utf-8") for path in files)
    named = set(re.findall(r'(?:text|html|label)\(\s*"([a-z_]+\.[a-z_.]+[a-z])"', source))

    assert named - KEYS == set()


def test_every_rule_of_disclosure_control_has_words():
    assert [code for code in RULES if f"rule.{code}" not in KEYS] == []


@pytest.mark.parametrize("said", ["lönar sig", "pays for society", "pay for society"])
def test_texts_say_that_an_intervention_pays_only_with_for_whom_and_by_when(said):
    texts = [
        text
        for language in languages()
        for text in texts_of(language).values()
        if said in text.lower() and "?" not in text
    ]

    assert texts and all(
        "{horizon}" in text and ("samhället" in text or "society" in text) for text in texts
    )


@pytest.mark.parametrize("forbidden", ["lönsam", "pays off", "profitable", "cost-effective"])
def test_there_is_one_word_for_what_pays(forbidden):
    assert [
        key
        for language in languages()
        for key, text in texts_of(language).items()
        if forbidden in text
    ] == []


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "en",
            "Numbers of people are rounded to the nearest five; 0–2 means none, one or two.",
        ),
        (
            "sv",
            "Antal personer är avrundade till närmaste femtal; 0–2 betyder ingen, en eller två.",
        ),
    ],
)
def test_a_published_number_of_people_is_written_as_the_page_says(language, sentence):
    own = words(language)

    assert own.text("page.rounded") == sentence
    assert [own.people(count) for count in (0, 0.0, 5, 45)] == ["0–2", "0–2", "5", "45"]
    assert own.people(0) in sentence


def test_only_long_compounds_may_be_divided():
    text = with_soft_hyphens("till arbetsmarknadsutbildning inom 24 månader")

    assert text == "till arbetsmarknads\u00adutbildning inom 24 månader"
    assert with_soft_hyphens(Markup("studier &amp; arbete")) == Markup("studier &amp; arbete")


def test_text_fills_placeholders_and_values():
    text = words("en").text("reason.few_people", intervention="a course")

    assert (
        text == "So few people here could have started a course that nothing about them is shown."
    )


def test_text_uses_the_runs_own_word_everywhere():
    own = words("sv", {"support": {"sv": "utan arbete", "en": "jobless"}})

    assert own.text("months_support") == "månader utan arbete"
    assert own.label("state.support") == "Utan arbete"


def test_without_support_follows_the_runs_own_word_for_support():
    support = {"sv": "utan arbete", "en": "jobless"}

    assert words("en").text("without_support") == "without income support"
    assert words("en", {"support": support}).text("months_without_support") == "months not jobless"
    both = {"support": support, "without_support": {"sv": "i gång", "en": "busy"}}
    assert words("en", both).text("months_without_support") == "months busy"


def test_words_about_an_aggregate_say_what_it_holds():
    about = words("en").about("without_support")

    assert about.text("change.figure_effect").startswith("Share without income support month by")
    assert words("en").about("any_work").text("in_outcome") == "in work or subsidised work"


def test_text_asks_for_values_under_the_name_of_their_column():
    assert words("en").text("exit.work") == words("en").text("work") == "work"


def test_wording_may_add_a_word_for_a_value_of_the_run():
    own = words("en", {"value.harbour_course": {"sv": "hamnkurs", "en": "harbour course"}})

    assert own.label("harbour_course") == "Harbour course"


def test_text_names_the_nearest_key_when_a_key_is_missing():
    with pytest.raises(ParameterError) as caught:
        words("sv").text("who.leed")

    assert str(caught.value).splitlines() == [
        'There is no text "who.leed".',
        "  where: evalkit/words/sv.yaml",
        "  why:   A page is written whole in one language or not at all; a missing word would be a "
        "hole in a sentence.",
        '  fix:   add "who.leed" to every language, or "value.who.leed" under wording in the run '
        'file; did you mean "who.lead"?',
    ]


def test_text_names_the_placeholder_that_was_not_filled():
    with pytest.raises(ParameterError) as caught:
        words("en").text("unit.range", low="1")

    assert str(caught.value).splitlines() == [
        'The text "unit.range" has a placeholder that was not filled.',
        "  where: evalkit/words/en.yaml, unit.range: {high}",
        "  why:   The sentence would be printed with a hole in it.",
        "  fix:   hand on a value for high; values given: low.",
    ]


def test_wording_faults_are_named_together():
    with pytest.raises(ParameterError) as caught:
        words(
            "sv",
            {
                "suport": {"sv": "a", "en": "b"},
                "work": {"en": "labour"},
                "who.count": {"sv": "{x}", "en": "{x}"},
            },
        )

    assert str(caught.value).splitlines() == [
        "3 faults in the run's own wording.",
        '  where: wording: unknown key "suport" (did you mean "support"?); "value.work" lacks sv; '
        '"who.count" has an unknown placeholder "x"',
        "  why:   Wording replaces texts of evalkit/words/sv.yaml in every language of the run; "
        "new words may only name values of tables.",
        "  fix:   mend the named keys; a word for a value of the run's own tables is added as "
        "value.NAME.",
    ]


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        (
            "sv",
            [
                f"1{NBSP}234{NBSP}568",
                f"{MINUS}0,3",
                "0",
                f"12{NBSP}%",
                "+5",
                f"{MINUS}1{NBSP}200{NBSP}kr",
                f"1{NBSP}234{NBSP}GBP",
            ],
        ),
        ("en", ["1,234,568", f"{MINUS}0.3", "0", "12%", "+5", f"{MINUS}SEK{NBSP}1,200", "£1,234"]),
    ],
)
def test_numbers_are_written_as_readers_write_them(language, shown):
    w = words(language)

    written = [
        w.number(1234567.891),
        w.number(-0.25001, 1),
        w.number(-0.2),
        w.percent(0.12),
        w.points(0.05),
        w.money(-1234, "SEK", -2),
        w.money(1234, "GBP"),
    ]

    assert written == shown


@pytest.mark.parametrize(
    ("count", "sv", "en"), [(0, "noll", "no"), (3, "tre", "three"), (12, "tolv", "twelve")]
)
def test_small_counts_are_words(count, sv, en):
    assert [words(language).count(count) for language in ("sv", "en")] == [sv, en]


def test_a_larger_count_is_figures_and_one_thing_may_have_its_own_word():
    assert words("sv").count(13) == "13"
    assert [words("sv").count(1), words("sv").count(1, one="ett")] == ["en", "ett"]


def test_months_and_ranges_are_written_in_words():
    assert words("sv").month(date(1993, 7, 1)) == f"juli{NBSP}1993"
    assert words("en").interval(-1.26, 3, 1) == f"{MINUS}1.3 to 3.0"
    assert words("en").interval(0.1, 0.2, kind="percent") == "10% to 20%"


@pytest.mark.parametrize(
    ("months", "sv", "en"),
    [
        (1, "en månad", "one month"),
        (7, "7 månader", "7 months"),
        (12, "ett år", "one year"),
        (18, "18 månader", "18 months"),
        (60, "fem år", "five years"),
        (240, "20 år", "20 years"),
    ],
)
def test_months_are_a_length_of_time_in_whole_years_where_they_can(months, sv, en):
    assert [words(language).duration(months) for language in ("sv", "en")] == [sv, en]


def test_large_amounts_are_written_in_millions():
    shown = [words(language).millions(-9_560_000, "SEK", 1) for language in ("sv", "en")]

    assert shown == [f"{MINUS}9,6{NBSP}miljoner{NBSP}kr", f"{MINUS}SEK{NBSP}9.6{NBSP}million"]
    assert words("en").millions(1_240_000, "GBP", 1) == f"£1.2{NBSP}million"


def test_a_currency_is_called_as_its_amounts_are_written():
    assert [words("sv").currency("SEK"), words("en").currency("SEK")] == ["kr", "SEK"]
    assert [words("sv").currency("GBP"), words("en").currency("GBP")] == ["GBP", "£"]


def test_listing_joins_items_as_a_sentence():
    assert words("sv").listing(["a", "b", "c"]) == "a, b och c"


@given(value=st.floats(-1e9, 1e9), digits=st.integers(-3, 3))
def test_number_shows_the_value_to_half_a_step(value, digits):
    shown = words("sv").number(value, digits)

    read = float(shown.replace(NBSP, "").replace(MINUS, "-").replace(",", "."))
    assert abs(read - value) <= 0.5 * 10.0**-digits * (1 + 1e-9) + 1e-12 * abs(value)


def test_html_escapes_plain_values_only():
    html = words("en").html("unit.range", low="<b>", high=Markup("<b>2</b>"))

    assert html == "&lt;b&gt; to <b>2</b>"


def test_an_estimate_stands_before_its_range():
    w = words("en")

    assert [
        w.estimate(1.25, -0.3, 2.7, 1, kind="signed"),
        w.estimate(0.3, 0.2, 0.4, kind="percent"),
        w.estimate(1.25, None, None, 1, kind="signed"),
        w.estimate(-0.04, -0.04, -0.04, 1, kind="signed"),
    ] == [f"+1.2 ({MINUS}0.3 to 2.7)", "30% (20% to 40%)", "+1.2", "0.0"]


@pytest.mark.parametrize(
    ("amounts", "digits"), [((99.9, None), 0), ((-100.0, 3.0), -1), ((5.0, 10_000.0), -2), ((), 0)]
)
def test_amounts_are_rounded_with_their_range(amounts, digits):
    assert money_digits(*amounts) == digits


def test_axes_are_numbered_in_the_signs_of_the_language():
    signs = [
        [words(language).d3_locale()[sign] for sign in ("decimal", "thousands", "percent")]
        for language in ("sv", "en")
    ]

    assert signs == [[",", NBSP, f"{NBSP}%"], [".", ",", "%"]]


def test_a_compound_is_divided_before_a_last_part_that_is_known():
    assert [divided(word, "-") for word in ("lönestöd", "stöd", "wages")] == [
        "löne-stöd",
        "stöd",
        "wages",
    ]


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(
    "reason",
    [
        "few_starters",
        "few_comparable",
        "one_person",
        "constant_covariate",
        "no_starters",
        "no_one_eligible",
        "no_comparison",
        "run_dry",
    ],
)
def test_every_reason_why_an_effect_cannot_be_said_has_words(language, reason):
    known = {"n_starters": 7, "min_starters": 10, "intervention": "training"}

    sentence = words(language).text(f"reason.{reason}", **known)

    assert sentence.endswith(".") and "{" not in sentence


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("reason", ["few_people", "not_computed"])
def test_reasons_that_go_without_a_number_have_words(language, reason):
    sentence = words(language).text(f"reason.{reason}", intervention="training")

    assert sentence.endswith(".") and "{" not in sentence


@pytest.mark.parametrize(
    ("share", "sv", "en"),
    [
        (0.0, "under 2 %", "under 2%"),
        (0.5, "50 %", "50%"),
        (0.98, "98 %", "98%"),
        (0.99, "över 98 %", "over 98%"),
        (1.0, "över 98 %", "over 98%"),
    ],
)
def test_a_probability_near_none_or_all_draws_is_a_bound(share, sv, en):
    assert words("sv").probability(share).replace("\u00a0", " ") == sv
    assert words("en").probability(share) == en


@pytest.mark.parametrize(
    ("share", "digits", "sv", "en"),
    [
        (0.0, 0, "0 %", "0%"),
        (0.004, 0, "under 1 %", "under 1%"),
        (0.005, 0, "under 1 %", "under 1%"),
        (0.0004, 1, "under 0,1 %", "under 0.1%"),
        (0.009, 0, "1 %", "1%"),
    ],
)
def test_a_share_that_is_more_than_none_is_never_written_as_none(share, digits, sv, en):
    shown = [
        words(language).percent(share, digits).replace("\u00a0", " ") for language in ("sv", "en")
    ]

    assert shown == [sv, en]


def test_an_interventions_own_price_bears_the_interventions_word():
    w = words("en", {"value.coaching": {"sv": "coachning", "en": "coaching"}})

    def price(key: str, name: str) -> str:
        return w.price({"price": key, "name_en": name, "name_sv": "på svenska", "value": 1.0})

    assert w.price({"price": "wage", "name_sv": "bruttolön"}) == "bruttolön"
    assert (
        price("programme_place.coaching", "place in the programme: Coachning på torget")
        == "place in the programme: coaching"
    )
    assert (
        price("programme_place.other", "place in the programme: Annat")
        == "place in the programme: Annat"
    )
    assert price("wage", "gross wage") == "gross wage"
