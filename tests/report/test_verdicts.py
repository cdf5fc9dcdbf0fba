"""No page contradicts itself: verdicts with the same question say the same, in the band of the
published probability, to one horizon.
"""

import re

import pytest

from evalkit.report.site import write_district_page, write_intervention_page
from evalkit.vocabulary import BANDS, band_of
from evalkit.words import words_of_run


@pytest.mark.parametrize(
    ("probability", "band"),
    [
        *(
            (1.0, "yes"),
            (0.95, "yes"),
            (0.949, "probably"),
            (0.8, "probably"),
            (0.799, "unclear"),
            (0.5, "unclear"),
            (0.201, "unclear"),
        ),
        *((0.2, "probably_not"), (0.051, "probably_not"), (0.05, "no"), (0.0, "no")),
    ],
)
def test_a_probability_is_called_by_its_band(probability, band):
    assert band_of(probability) == band


@pytest.mark.parametrize("probability", [0.99, 0.95, 0.9, 0.8, 0.6])
def test_the_bands_are_mirrored_about_one_half(probability):
    assert BANDS.index(band_of(1 - probability)) == len(BANDS) - 1 - BANDS.index(
        band_of(probability)
    )


@pytest.mark.parametrize("probability", [0.97, 0.9, 0.46, 0.1, 0.02])
def test_no_page_contradicts_itself_on_whether_money_comes_back(
    run_of_two,
    two_interventions,
    figures,
    words,
    make_parts,
    make_payback,
    contradictions,
    probability,
):
    names = ("work_training", "language_practice")
    own_figures = {name: svg for name, svg in figures.items() if "balance" not in name}
    tables = {
        **two_interventions,
        "value_parts": make_parts(
            [(name, (5000.0, -900.0, 9000.0, probability)) for name in names],
            purse=(700.0, -50.0, 1900.0, probability),
        ),
        "value_payback": make_payback([(name, 29, probability) for name in names]),
    }

    pages = [
        write_district_page(run_of_two, "Norr", tables, own_figures, words),
        *(write_intervention_page(run_of_two, name, tables, {}, words) for name in names),
    ]
    faults, n_verdicts = contradictions(pages)

    assert faults == []
    # For society, for the public purse and on months: on the district's page both interventions, in
    # the leads of all and in their own, and each on its own page.
    assert n_verdicts >= 2 * 3 * 2 + 2 * 3
    said = set(
        re.findall(
            r'data-question="pays"[^>]*data-band="([^"]*)"',
            "".join(page.read_text(encoding="utf-8") for page in pages),
        )
    )
    assert said == {band_of(probability)}


def test_a_contradiction_is_found(run, tables, figures, words, make_payback, contradictions):
    # A page that says of the same public purse that it has its money back by month 60 and that this
    # is unclear by month 36.
    texts = []
    for probability in (0.99, 0.3):
        payback = make_payback([("work_training", 29, probability)])
        page = write_district_page(
            run, "Norr", {**tables, "value_payback": payback}, figures, words
        )
        texts.append(page.read_text(encoding="utf-8"))
    page.write_text(
        texts[0] + texts[1].replace('data-horizon="60"', 'data-horizon="36"'), encoding="utf-8"
    )

    faults, _ = contradictions([page])

    subject = "Norr/work_training/public_purse"
    assert faults == [
        f"norr.html: pays {subject} is said to be ['unclear', 'yes']",
        "norr.html: sums to ['36', '60'] months",
    ]


def test_the_words_of_every_band_exist_in_both_languages(run):
    for language in ("sv", "en"):
        words = words_of_run(run, language)
        assert all(
            words.has(f"{key}_{band}")
            for band in BANDS
            for key in (
                "value_page.lead",
                "value_page.group",
                "value_time.lead",
                "value_time.group",
            )
        )


def test_sums_say_to_which_month_they_count_and_what_of_them_is_projected(
    run, tables, figures, words
):
    text = re.sub(
        r"<[^>]+>",
        "",
        write_district_page(run, "Norr", tables, figures, words).read_text(encoding="utf-8"),
    )

    assert words.text("value_page.horizon", horizon=60) in text
    amounts = {
        "observed": words.money(-12010, "SEK", -2, is_signed=True),
        "projected": words.money(10000, "SEK", -2, is_signed=True),
    }
    assert words.text("value_page.parts", followed=36, **amounts) in text.replace(
        "&nbsp;", "\u00a0"
    )
