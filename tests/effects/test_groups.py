import numpy as np
import polars as pl
import pytest

from evalkit.effects import fit_propensity
from evalkit.effects.answer.groups import (
    group_counts,
    group_effects,
    group_masks,
    group_summary,
    with_target_groups,
)
from evalkit.errors import ProtocolError

EXACT = 1e-12
N_DRAWS = 60


def _group(name, **condition):
    return {"name": name, "title": {"en": name, "sv": name}, **condition}


YOUNG = _group("young", column="age", below=30)
LONG = _group("long", column="elapsed_months", at_least=10)
NEW = _group("new", column="years_in_country", below=3)
WEAK = _group("weak", column="is_woman_in_weak_position", equals=True)


def _trials(arms, n=1_200, seed=1, gain=(0.0, 0.0, 0.0, 0.0), groups=(YOUNG,)):
    """Four kinds of people, by age 20, 35, 50, 65, in which starting adds `gain` to the log odds of
    work.
    """
    rng = np.random.default_rng(seed)
    kind = np.arange(n) % 4
    treated = rng.random(n) < 0.3
    working = (
        rng.random((n, 2)) < (1 / (1 + np.exp(-(-0.5 + np.array(gain)[kind] * treated))))[:, None]
    )
    protocol = arms.protocol(subgroups=list(groups))
    trials = arms.of_arrays(rng.normal(size=n), treated, np.where(working, 0, 2), protocol=protocol)
    return trials, pl.DataFrame({"person_id": trials.rows["person_id"], "age": 20 + 15 * kind})


def test_group_masks_by_hand(arms):
    trials, person = _trials(arms, n=4, groups=(YOUNG, LONG, NEW))
    rows = trials.rows.with_columns(
        elapsed_months=pl.Series([3, 10, None, None], dtype=pl.Int32),
        trial_month=pl.Series([26, 26, 26, 5], dtype=pl.Int32),
    )
    person = person.with_columns(years_in_country=pl.Series([2, 3, None, 0]))

    masks = group_masks(
        type(trials)(
            rows, trials.design, trials.terms, trials.outcomes, trials.states, trials.protocol
        ),
        person,
    )

    assert masks["young"].tolist() == [True, False, False, False]
    # Where the start is unknown the spell has lasted at least since the extract's first month: 25
    # and 4 months.
    assert masks["long"].tolist() == [False, True, True, False]
    # Natives have no years in the country, and are not newly arrived.
    assert masks["new"].tolist() == [True, False, False, True]


def test_group_counts_by_hand(arms):
    # Eight people aged 20, 35, 50, 65, 20 ...: two young, four below 40, who include the young.
    trials, person = _trials(arms, n=8, groups=(YOUNG, _group("below_40", column="age", below=40)))
    started = trials.is_treated.astype(int)

    counts = group_counts(trials, person)

    found = {
        (row["subgroup"], row["also_in"]): (row["n_starters"], row["n_eligible"])
        for row in counts.iter_rows(named=True)
    }
    young, below_40 = int(started[[0, 4]].sum()), int(started[[0, 1, 4, 5]].sum())
    assert found == {
        ("young", "young"): (young, 2),
        ("young", "below_40"): (young, 2),
        ("below_40", "below_40"): (below_40, 4),
    }


def test_women_in_a_weak_position_need_sex_and_education_or_origin():
    person = pl.DataFrame(
        {
            "person_id": ["a", "b", "c", "d"],
            "sex": ["female", "female", "male", "female"],
            "education": [
                "compulsory_or_less",
                "post_secondary",
                "compulsory_or_less",
                "post_secondary",
            ],
            "origin": ["native", "other", "other", "native"],
        }
    )

    assert with_target_groups(person)["is_woman_in_weak_position"].to_list() == [
        True,
        True,
        False,
        False,
    ]
    assert "is_woman_in_weak_position" not in with_target_groups(person.drop("origin")).columns


def test_a_group_by_a_column_nobody_delivers_is_refused(arms):
    trials, person = _trials(arms, n=8, groups=(WEAK,))

    with pytest.raises(ProtocolError) as caught:
        group_masks(trials, person)

    lines = str(caught.value).splitlines()
    assert "1 subgroups" in lines[0] and "weak (is_woman_in_weak_position)" in lines[1]
    assert lines[2].strip().startswith("why:") and lines[3].strip().startswith("fix:")


QUARTERS = [
    _group(f"q{place}", column="age", at_least=20 + 15 * place, below=35 + 15 * place)
    for place in range(4)
]


def _summary(trials, person, seed=3):
    propensity = fit_propensity(trials, n_draws=N_DRAWS, seed=seed)
    effects = group_effects(trials, person, propensity=propensity, n_draws=N_DRAWS, seed=seed)
    return effects, group_summary(effects, trials.protocol)


def test_groups_are_drawn_towards_the_effect_of_all(arms):
    _, table = _summary(*_trials(arms, gain=(2.0, 0.0, 0.0, 0.0), groups=QUARTERS))

    whole = table.filter(pl.col("subgroup") == "all")["raw"].item()
    groups = table.filter(pl.col("subgroup") != "all")
    assert ((groups["shrunk"] - whole).abs() <= (groups["raw"] - whole).abs() + EXACT).all()
    assert groups.sort("raw")["subgroup"][-1] == "q0"


def test_p_values_of_groups_are_adjusted_for_their_number(arms):
    _, table = _summary(*_trials(arms, gain=(2.0, 0.0, 0.0, 0.0), groups=QUARTERS))

    groups = table.filter(pl.col("subgroup") != "all")
    assert (groups["p_holm"] >= groups["p_value"]).all()
    assert groups.filter(pl.col("p_holm") < 0.05)["subgroup"].to_list() == ["q0"]
    assert groups["p_holm"].min() == pytest.approx(4 * groups["p_value"].min())


def test_a_group_with_too_few_starters_cannot_be_said(arms):
    rare = _group("rare", column="age", at_least=99)
    trials, person = _trials(arms, groups=(*QUARTERS, rare))

    effects, table = _summary(trials, person)

    row = table.filter(pl.col("subgroup") == "rare").row(0, named=True)
    assert (row["effect_state"], row["reason"], row["raw"], row["n_starters"]) == (
        "cannot_be_said",
        "no_one_eligible",
        None,
        0,
    )
    assert "rare" not in effects.draws["subgroup"]
