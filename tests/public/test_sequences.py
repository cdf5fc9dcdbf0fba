"""What somebody learns who compares all public vintages of a city, over two years of monthly
extracts: by the rule of the house, and by looser ones.
"""

from itertools import pairwise

import numpy as np
import pytest
import sequence
import what_is_learnt as learnt

BY_THE_RULE = "rounded, quarterly, 5 changed, attacked"
N_MONTHS = 25


def _rates(found, part, whole):
    """A rate over cities, in percent, with its Monte Carlo error (a ratio of sums)."""
    parts, wholes = (np.array([one[name] for one in found], float) for name in (part, whole))
    rate = parts.sum() / wholes.sum()
    spread = ((parts - rate * wholes) ** 2).sum() * len(found) / max(len(found) - 1, 1)
    return 100 * rate, 100 * np.sqrt(spread) / wholes.sum()


def _learnt(extracts, policy):
    """What is learnt of one city."""
    vintages, _ = learnt.public_vintages(extracts, policy)
    known = learnt.known_small(vintages, policy.base, each=policy.look_at_each)
    return {
        **learnt.learnt_from_steps(vintages, policy.base),
        **known,
        "left out": sum(len(vintage.left_out) for vintage in vintages),
        "of the city": len(vintages) * vintages[0].truth.shape[1],
    }


@pytest.mark.slow
def test_by_the_rule_few_ways_out_are_read_and_no_small_number_is_known(tmp_path):
    register = sequence.register_of(tmp_path / "city", n_people=300, seed=1)

    extracts = sequence.extracts_of(register, sequence.last_months(N_MONTHS))
    names = ("exact, monthly", BY_THE_RULE)
    exact, by_the_rule = (_learnt(extracts, learnt.POLICIES[name]) for name in names)

    assert by_the_rule["read"] / by_the_rule["leavers"] < exact["read"] / exact["leavers"] / 4
    assert by_the_rule["within one"] == 0 < by_the_rule["small"]


@pytest.mark.slow
def test_a_district_keeps_its_numbers_until_five_people_have_changed(tmp_path):
    register = sequence.register_of(tmp_path / "city", n_people=300, seed=1)
    extracts = sequence.extracts_of(register, sequence.last_months(7))

    vintages, districts = learnt.public_vintages(extracts, learnt.Policy(3, held_by="digest"))

    for before, now in pairwise(vintages):
        for place, district in enumerate(districts[:-1]):
            was, stands = before.stands[place], now.stands[place]
            digests = [extracts[3 * at].digest for at in (was, now.place)]
            n_changed = learnt.n_changed(*digests, district)
            assert stands == (now.place if n_changed >= learnt.MIN_CHANGED else was)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("n_people", "n_cities"), [(300, 12), (1500, 8)])
def test_rates_over_two_years_of_several_cities(tmp_path, n_people, n_cities):
    found = {name: [] for name in learnt.POLICIES}
    for seed in range(n_cities):
        register = sequence.register_of(tmp_path / str(seed), n_people=n_people, seed=seed)
        extracts = sequence.extracts_of(register, sequence.last_months(N_MONTHS))
        for name, policy in learnt.POLICIES.items():
            found[name].append(_learnt(extracts, policy))

    rates = {name: _rates(of_policy, "read", "leavers") for name, of_policy in found.items()}
    for name, of_policy in found.items():
        guessed, common = (_rates(of_policy, what, "leavers") for what in ("guessed", "common"))
        print(f"{name}: read {rates[name]}, guessed {guessed}, commonest {common}")
        print("  left out:", _rates(of_policy, "left out", "of the city"))
        if any(one["small"] for one in of_policy):
            print("  of 1-4 known exactly:", _rates(of_policy, "exactly", "small"))
            print("  within one:", _rates(of_policy, "within one", "small"))
        if any(one["rises"] for one in of_policy):
            print("  of rises from 0-2 to 5, one person:", _rates(of_policy, "alone", "rises"))
    by_the_rule, error = rates[BY_THE_RULE]
    assert by_the_rule + 2 * error < rates["rounded, monthly"][0]
    assert not any(one["within one"] for one in found[BY_THE_RULE])
