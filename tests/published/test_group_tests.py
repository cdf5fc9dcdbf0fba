"""Log-rank, Peto-Prentice and Gray tests against R survival and cmprsk (tests_mgus2,
spells_mvad).
"""

import pytest

from evalkit.survival import gray_test, log_rank_test

RELATIVE = 1e-8  # both sides solve small linear systems in double precision
ABSOLUTE = 1e-8  # of p; cmprsk prints 0 below about 1e-16

LOG_RANK = {
    "logrank_death_sex": {"group": "sex"},
    "logrank_death_agegrp": {"group": "agegrp"},
    "logrank_death_sex_strata_agegrp": {"group": "sex", "strata": ["agegrp"]},
    "peto_death_sex": {"group": "sex", "rho": 1},
}
GRAY = {
    "gray_sex": {"group": "sex"},
    "gray_agegrp": {"group": "agegrp"},
    "gray_sex_strata_agegrp": {"group": "sex", "strata": ["agegrp"]},
    "gray_sex_rho1": {"group": "sex", "rho": 1},
}


@pytest.mark.parametrize("case", LOG_RANK)
def test_log_rank_agrees_with_r(case, mgus2, reference):
    expected = reference("tests_mgus2")[case]

    result = log_rank_test(mgus2, time="futime", event="death", **LOG_RANK[case])

    assert result.statistic == pytest.approx(expected["chisq"], rel=RELATIVE)
    assert result.p_value == pytest.approx(expected["p"], abs=ABSOLUTE)
    assert result.degrees_of_freedom == expected["df"]
    assert result.by_group["n_expected"].to_list() == pytest.approx(
        expected["expected"], rel=RELATIVE
    )


@pytest.mark.parametrize("case", GRAY)
def test_gray_agrees_with_cmprsk(case, mgus2, reference):
    expected = reference("tests_mgus2")[case]

    results = [
        gray_test(mgus2, time="etime", event="cause", cause=cause, **GRAY[case])
        for cause in ("pcm", "death")
    ]

    assert [result.statistic for result in results] == pytest.approx(expected["stat"], rel=RELATIVE)
    assert [result.p_value for result in results] == pytest.approx(expected["p"], abs=ABSOLUTE)
    assert [result.degrees_of_freedom for result in results] == expected["df"]


def test_gray_between_areas_of_northern_ireland_agrees_with_cmprsk(first_spells, reference):
    expected = reference("spells_mvad")["gray_first_spell_by_region"]

    results = [
        gray_test(first_spells, time="length", event="exit", cause=cause, group="region")
        for cause in ("employment", "studies", "training")
    ]

    assert [result.statistic for result in results] == pytest.approx(expected["stat"], rel=RELATIVE)
    assert [result.p_value for result in results] == pytest.approx(expected["p"], abs=ABSOLUTE)


@pytest.mark.parametrize(
    ("case", "columns"),
    [
        ("logrank_first_spell_by_region", {"group": "region"}),
        ("logrank_first_by_gcse_strata_region", {"group": "gcse5eq", "strata": ["region"]}),
    ],
)
def test_log_rank_in_northern_ireland_agrees_with_r(case, columns, first_spells, reference):
    expected = reference("spells_mvad")[case]

    result = log_rank_test(first_spells, time="length", event="any", **columns)

    assert result.statistic == pytest.approx(expected["chisq"], rel=RELATIVE)
