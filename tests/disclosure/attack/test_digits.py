"""Whether a number has more digits than its step allows."""

import polars as pl
import pytest

from evalkit.disclosure import protect_estimates
from evalkit.disclosure.attack.digits import too_many_digits
from evalkit.line.published import PUBLISHED

N_PEOPLE = 8_000


@pytest.mark.parametrize(("exact", "found"), [((), []), (("change",), ["change"])])
def test_a_share_is_held_against_its_range_and_the_ends_of_it_are_not_held_alone(exact, found):
    row = {"effect": 0.11873, "ci_lower": -0.09871, "ci_upper": 0.33617}
    row |= {"change": 0.126066, "change_lower": -0.093995, "change_upper": 0.399587}
    table = pl.DataFrame([{"action_id": "a", "outcome": "exit", **row, "n_persons": N_PEOPLE}])
    published = protect_estimates(
        table,
        name="rollout_effects",
        keys=["action_id", "outcome"],
        values=list(row),
        n_persons="n_persons",
        exact=exact,
        unit="change",
        source="made up for this test",
        grade="L",
    )

    guard = PUBLISHED["rollout_effects"].guard
    assert guard is not None
    columns = [column for _, column, _ in too_many_digits(published, guard, n_people=N_PEOPLE)]

    assert columns == found
