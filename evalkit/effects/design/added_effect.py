"""An effect that is added to the register's own outcomes: some of those who never reach the primary
outcome get the months of somebody who does.
"""

import numpy as np

from evalkit.errors import EstimationError


def largest_effect(values: np.ndarray, weights: np.ndarray) -> float:
    """Months gained on average if everybody reached the primary outcome, for as long as those who
    do now.

    Parameters
    ----------
    values, weights : ndarray (n_rows,)
        Months in the primary outcome, and how often a row is drawn.
    """
    reaches = values > 0
    if not reaches.any():
        return 0.0
    months = np.average(values[reaches], weights=weights[reaches])
    return float(weights[~reaches].sum() / weights.sum() * months)


def refuse_impossible(asked_months: np.ndarray, most: float) -> None:
    """Stop on effects that cannot be added.

    Raises
    ------
    EstimationError
        If an effect is below zero or above the largest; says between which.
    """
    if (asked_months < 0).any() or (asked_months > most).any():
        asked = ", ".join(f"{one:g}" for one in asked_months)
        raise EstimationError(
            "The asked effect cannot be added to what people live on here.",
            where=f"effects of {asked} months asked; from 0 to about {most:.0f} are possible",
            why="It is added by letting some of those reach the primary outcome who never did, for "
            "as long as those who did.",
            fix="ask for effects in months gained per person, within these limits.",
        )


def moved(
    values: np.ndarray, share: np.ndarray, donors: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Outcomes of people under each effect, (n_people, n_effects): those moved under a smaller one
    are moved under a larger one too.

    Parameters
    ----------
    values : ndarray (n_people,)
        Outcomes without the effect.
    share : ndarray (n_effects,)
        Of those without a month in the primary outcome, who reach it: the effect as a share of the
        largest.
    donors : ndarray
        Outcomes above zero, as often as they occur.
    """
    gained, luck = rng.choice(donors, len(values)), rng.random(len(values))
    is_moved = (values == 0)[:, None] & (luck[:, None] < share)
    return np.where(is_moved, gained[:, None], values[:, None])
