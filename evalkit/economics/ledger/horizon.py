"""How far money is counted: the observed months, and beyond them what is left of the effect.

Past the follow-up the difference between the arms decays, d(t) = d(h) 2^-((t-h)/half_life); a
posting of one arm alone has no difference to project and ends with the follow-up.
"""

import numpy as np

from evalkit.economics.ledger.effect_paths import ARMS, EffectPath, decay
from evalkit.errors import EstimationError
from evalkit.line.price_book import PriceBook

ARM_SIGNS = {"comparison": -1.0, "treated": 1.0}
BOTH = "both"


def refuse_horizon(n_months: int, n_observed: int, book: PriceBook, *, where: str) -> None:
    """Raise unless a horizon covers the follow-up, and the book says how the effect fades beyond
    it; `where` names the effect or the file.

    Raises
    ------
    EstimationError
        If the horizon is shorter than the follow-up, or longer and the book declares no half-life.
    """
    if n_months < n_observed:
        raise EstimationError(
            f"The horizon is {n_months} months, the follow-up {n_observed}.",
            where=where,
            why="A shorter horizon hides months that were observed.",
            fix="set value.horizon_months of the run file to the follow-up or beyond.",
        )
    if n_months > n_observed and book.appraisal.half_life is None:
        raise EstimationError(
            f"The horizon is {n_months} months, the follow-up {n_observed}, and nothing says how "
            "the effect fades.",
            where=f"{book.file}, appraisal half_life; {where}",
            why="What lies beyond the follow-up was not observed; it is projected by a declared "
            "half-life or not at all.",
            fix="name a price in months under appraisal.half_life, or set value.horizon_months of "
            f"the run file to {n_observed}.",
        )


def months_in_states(
    path: EffectPath, book: PriceBook, prices: dict[str, np.ndarray], n_months: int
) -> dict[str, np.ndarray]:
    """Treated minus comparison to the horizon (`BOTH`), and each arm's own signed share to the
    follow-up: (draw, state, month).

    Parameters
    ----------
    path : EffectPath
        The effect.
    book : PriceBook
        Its appraisal names the half-life.
    prices : dict of ndarray
        By key, one value for each draw of the path.
    n_months : int
        The horizon. Months, not shorter than the follow-up.

    Raises
    ------
    EstimationError
        As `refuse_horizon`.
    """
    refuse_horizon(
        n_months,
        path.n_months,
        book,
        where=f"effect of {', '.join(path.keys.values())}; horizon {n_months} months",
    )
    difference, extra = path.difference(), n_months - path.n_months
    by_arm = {arm: ARM_SIGNS[arm] * path.probabilities[:, ARMS.index(arm)] for arm in ARMS}
    half_life = book.appraisal.half_life
    if not extra or half_life is None:
        return {BOTH: difference, **by_arm}
    left = decay(path.n_months, n_months, prices[half_life])
    projected = difference[:, :, -1:] * left[:, None, :]
    padding = [(0, 0), (0, 0), (0, extra)]
    return {
        BOTH: np.concatenate([difference, projected], axis=2),
        **{arm: np.pad(shares, padding) for arm, shares in by_arm.items()},
    }
