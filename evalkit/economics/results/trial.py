"""What a trial would be worth before choosing between an intervention and nothing: the expected
value of sample information, with everything normal.

What a start is worth is known as its draws have it. A trial draws lots between a start and none
among twice as many people as there are places, so that as many start as today. It measures months
in work for as long as the effect was followed, and tells the part of a start's value that goes with
them; prices it cannot tell. What it finds decides the starts that come after it, up to the end of
the horizon.

How much people differ is taken from the error of the effect in all districts together. The error of
the comparison is in it, so a trial is worth rather more than is said here.

References
----------
Two actions whose value is linear in a normal mean: Raiffa & Schlaifer (1961), Applied Statistical
Decision Theory, ch. 5. Size and length of a trial that are worth most: Willan & Pinto (2005), Stat.
Med. 24:1791. Overview: Jackson et al. (2022), Annu. Rev. Stat. Appl. 9:95.
"""

from typing import NamedTuple

import numpy as np

MONTHS_PER_YEAR = 12


class TrialPrior(NamedTuple):
    """What is known of a start's value before a trial. Money per start.

    mean : of the draws. std_dev : of the part that a trial can tell. person_std_dev : of that part
    between persons in the same arm.
    """

    mean: float
    std_dev: float
    person_std_dev: float


class Trial(NamedTuple):
    """A trial: persons in both arms together, months until its result, and what it is worth before
    it is paid. Money.
    """

    n_persons: int
    n_months: int
    worth: float


def prior_of_draws(
    value: np.ndarray, work_months: np.ndarray, *, city_work_months: np.ndarray, n_starters: int
) -> TrialPrior | None:
    """What is known of a start's value, of which a trial tells what months in work tell.

    Parameters
    ----------
    value, work_months : ndarray
        Replicates of what a start is worth (money) and of the months in work that it adds, drawn
        together. Shape (draws,).
    city_work_months : ndarray
        Replicates of the months in work in all districts together.
    n_starters : int
        The persons who started in all districts together.

    Returns
    -------
    TrialPrior or None
        None where the draws of either do not vary.
    """
    if len(value) < 2 or not work_months.std() > 0 or not city_work_months.std() > 0:
        return None
    worth_of_month = np.cov(value, work_months)[0, 1] / work_months.var(ddof=1)
    return TrialPrior(
        float(value.mean()),
        float(abs(worth_of_month) * work_months.std(ddof=1)),
        float(abs(worth_of_month) * city_work_months.std(ddof=1) * np.sqrt(n_starters)),
    )


def sample_information(prior: TrialPrior, n_persons: np.ndarray) -> np.ndarray:
    """What the result of a trial is worth per start that it decides: at least nothing, at most what
    it is worth to know for certain.

    Parameters
    ----------
    prior : TrialPrior
        What is known before.
    n_persons : ndarray
        Persons in both arms together, half of them in each. Shape (sizes,).

    Returns
    -------
    ndarray
        Money per start. Shape (sizes,).
    """
    if prior.std_dev == 0:
        return np.zeros(len(n_persons))
    error = 4 * prior.person_std_dev**2 / n_persons
    moved = prior.std_dev**2 / np.sqrt(prior.std_dev**2 + error)
    return moved * _unit_normal_loss(abs(prior.mean) / moved)


def best_trial(
    prior: TrialPrior, *, starts_per_year: float, followed_months: int, horizon_months: int
) -> Trial | None:
    """The trial that is worth most: a larger one tells more, takes longer to fill, and decides
    fewer starts.

    Where a start loses on average, those of the trial are a loss too, and are taken off.

    Parameters
    ----------
    prior : TrialPrior
        What is known before.
    starts_per_year : float
        As today: the trial is filled at that pace, and later starts are made at it.
    followed_months, horizon_months : int
        How long everybody in the trial is followed; up to when its result counts. Months.

    Returns
    -------
    Trial or None
        None where no trial is worth anything: it would come too late, or teach less than it loses.
    """
    starts_per_month = starts_per_year / MONTHS_PER_YEAR
    n_most = int(2 * starts_per_month * (horizon_months - followed_months))
    sizes = np.arange(2, n_most + 1, 2)
    if not len(sizes):
        return None
    lengths = np.ceil(sizes / 2 / starts_per_month) + followed_months
    n_decided = starts_per_month * np.maximum(horizon_months - lengths, 0)
    lost = sizes / 2 * max(-prior.mean, 0.0)
    worth = n_decided * sample_information(prior, sizes) - lost
    best = int(np.argmax(worth))
    if not worth[best] > 0:
        return None
    return Trial(int(sizes[best]), int(lengths[best]), float(worth[best]))


def _unit_normal_loss(u: np.ndarray) -> np.ndarray:
    """The mean of what a standard normal lies above u."""
    from scipy.special import ndtr

    density = np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)
    return np.maximum(density - u * ndtr(-u), 0.0)
