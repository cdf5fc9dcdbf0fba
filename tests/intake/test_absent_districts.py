"""A district that the run file writes otherwise than the files is refused, and not left empty."""

import unicodedata

import pytest

from evalkit.errors import IntakeError


def test_admit_refuses_a_mistyped_district_and_names_the_delivered_one(extract):
    with pytest.raises(IntakeError) as fault:
        extract.admit(districts=("Norr", "Söderr"), max_rejected_share=1)

    assert fault.value.what == "No delivered row names one of the 2 districts of the run."
    assert fault.value.where == 'run file, districts: "Söderr" (did you mean "Söder"?)'


def test_admit_refuses_a_district_in_other_characters_that_look_the_same(extract):
    typed = unicodedata.normalize("NFD", "Söder")

    with pytest.raises(IntakeError) as fault:
        extract.admit(districts=("Norr", typed), max_rejected_share=1)

    assert "with other characters that look the same" in fault.value.where


def test_admit_does_not_show_what_is_no_name_of_a_district(extract):
    extract.add("person", "P-4,Anna Andersson,female")

    with pytest.raises(IntakeError) as fault:
        extract.admit(districts=("Norr", "Söder", "Väster"), max_rejected_share=1)

    assert fault.value.where == 'run file, districts: "Väster"'
