"""What of the common process is done in each episode: the papers that are written and the
follow-ups that are made, as far as the city declares it. What is not done is kept beside what is:
it is the truth of who is missing what.
"""

import numpy as np
import polars as pl

from evalkit.simulate.city.city import City
from evalkit.simulate.population.lives import Lives
from evalkit.simulate.population.streams import Purpose, uniforms

FIRST_FOLLOW_UP_MONTHS, NEXT_FOLLOW_UP_MONTHS = 1, 3
# Where the city says nothing of its process.
_FOLLOWED_UP_SHARE = 0.8
# Days after the start on which a paper is written: before anybody could have left again.
_DAYS = {"assignment": 0, "decision": 0, "work_plan": 14, "implementation_plan": 20}
_PARTS = ("has_aim", "has_goals", "has_tasks", "has_own_view")


def due_follow_ups(city: City, lives: Lives, episodes: pl.DataFrame) -> pl.DataFrame:
    """Every follow-up that should be made: after one month and then every third, to the end.

    Parameters
    ----------
    episodes : DataFrame
        Rows of `Lives.episodes`.

    Returns
    -------
    DataFrame
        The columns of the episodes, due (month) and is_done.
    """
    last = pl.col("end").fill_null(city.n_months).clip(upper_bound=city.n_months)
    months = pl.int_ranges(
        pl.col("start") + FIRST_FOLLOW_UP_MONTHS, last + 1, NEXT_FOLLOW_UP_MONTHS
    )
    due = (
        episodes.with_columns(due=months)
        .explode("due", keep_nulls=False, empty_as_null=False)
        .filter(pl.col("due").is_between(0, city.n_months - 1))
    )
    rows = due["row"].to_numpy()
    share = city.common_process.follow_up_share if city.common_process else _FOLLOWED_UP_SHARE
    drawn = uniforms(lives.people.key[rows], due["due"].to_numpy(), Purpose.FOLLOW_UP)
    is_done = drawn < (share * _kept_there(city, lives, rows)).astype(np.float32)
    return due.with_columns(is_done=pl.Series(is_done))


def papers(city: City, lives: Lives, episodes: pl.DataFrame) -> pl.DataFrame:
    """Every paper that an episode should have.

    Returns
    -------
    DataFrame
        The columns of the episodes, kind, days (after the start), is_written, and what it says (1
        or 0). None where the city declares no process.
    """
    rules = city.common_process
    shares = rules.paper_shares if rules else {}
    rows, start = episodes["row"].to_numpy(), episodes["start"].to_numpy()
    key, kept = lives.people.key[rows], _kept_there(city, lives, rows)
    whole = rules.complete_share if rules else 0.0
    parts = []
    for item, (kind, share) in enumerate(shares.items()):
        drawn = [
            uniforms(key, start, Purpose.PAPER, 10 * item + part) for part in range(1 + len(_PARTS))
        ]
        is_complete = drawn[1] < whole * kept
        # A paper that is not whole never has the person's own view, and now and then lacks more.
        says = [is_complete | (one < whole) for one in drawn[2:]] + [is_complete]
        parts.append(
            episodes.with_columns(
                kind=pl.lit(kind),
                days=pl.lit(_DAYS[kind]),
                is_written=pl.Series(drawn[0] < share * kept),
                **{
                    name: pl.Series(said.astype(np.int32))
                    for name, said in zip(_PARTS, says, strict=True)
                },
            )
        )
    return pl.concat(parts) if parts else episodes.clear()


def _kept_there(city: City, lives: Lives, rows: np.ndarray) -> np.ndarray:
    """By row, what the shares are multiplied by in the district where the person stands in the
    first month, as the table person has it.
    """
    factors = city.common_process.kept_by_district if city.common_process else {}
    of_district = np.array([factors.get(name, 1.0) for name in city.district_names])
    return of_district[lives.district[rows, 0]]
