"""Districts' results against those expected for their people: a funnel plot instead of a league
table.

Everybody eligible counts once, in their first trial. The expected share comes from one model over
all districts, with terms for the people and none for the district. Limits show how far by chance a
district may lie from the city that works as all others do. Spiegelhalter (2005), Stat. Med.
24:1185.
"""

from statistics import NormalDist

import numpy as np
import polars as pl

from evalkit.disclosure.rounding import BASE
from evalkit.effects.trials.covariates import about_people
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.logit import SEPARATED, weighted_logit
from evalkit.line.tables import published
from evalkit.tables import CITY

LIMITS = {"95": 0.95, "998": 0.998}
_WINSORISED = 0.1
_NORMAL_WINSORISED = (
    0.678736  # the mean of a standard normal's square with the outermost tenths drawn in
)


def case_mix_funnel(trials: Trials) -> pl.DataFrame:
    """The share in the primary outcome in the last month of follow-up by district, adjusted for
    case mix.

    observed: in multiples of five people. adjusted: the city's share times observed over expected.
    overdispersion: see the function; above 1 the limits are widened by its root, since districts
    then differ by more than chance and measured people. verdict: inside, outside_95, outside_998.

    Returns
    -------
    DataFrame
        district (and "all"), intervention_id, n_persons, observed, expected, adjusted (shares 0-1),
        lower_95, upper_95, lower_998, upper_998 (shares), overdispersion, verdict. Empty where
        nobody starts, or everybody.
    """
    if not trials.has_both_arms:
        return published("funnel").empty()
    first = trials.keep(_is_first(trials))
    reached = first.is_in_primary[:, -1].astype(float)
    weights, district = first.rows["weight"].to_numpy(), first.rows["district"]
    design = first.design[:, about_people(first.protocol, first.terms)]
    fit = weighted_logit(design, reached, weights)
    p = 1 / (1 + np.exp(-np.clip(design @ fit.coefficients, -SEPARATED, SEPARATED)))
    people = pl.DataFrame(
        {
            "district": district,
            "n_persons": 1.0,
            "total": weights,
            "reached": weights * reached,
            "expected": weights * p,
            "variance": weights**2 * p * (1 - p),
        }
    )
    schema = published("funnel").schema
    return (
        funnel_of_sums(people.group_by("district", maintain_order=True).sum())
        .with_columns(intervention_id=pl.lit(first.protocol.intervention_id))
        .select(list(schema))
        .cast(schema)
    )


def funnel_of_sums(districts: pl.DataFrame) -> pl.DataFrame:
    """Each district's share beside that expected for its people, and between which limits it lies
    by chance.

    Parameters
    ----------
    districts : DataFrame
        district, n_persons, total (weights of the people, their number where all weigh 1), and of
        them reached, expected (sum of the model's probabilities p) and variance (sum of weight
        squared times p (1 - p)).

    Returns
    -------
    DataFrame
        district (and "all"), n_persons, observed, expected, adjusted, lower_95, upper_95,
        lower_998, upper_998 (shares), overdispersion, verdict, as in `case_mix_funnel`; districts
        in the order of the alphabet.
    """
    districts = districts.sort("district")
    names, n_persons = districts["district"].to_list(), districts["n_persons"].to_numpy()
    total, observed, expected, variance = (
        districts[name].to_numpy() for name in ("total", "reached", "expected", "variance")
    )
    share = float(observed.sum() / total.sum())
    adjusted, error = share * observed / expected, share * np.sqrt(variance) / expected
    z = np.divide(adjusted - share, error, out=np.zeros(len(error)), where=error > 0)
    spread = overdispersion(z)
    width = error * np.sqrt(max(spread, 1.0))
    limits = {}
    for name, level in LIMITS.items():
        margin = NormalDist().inv_cdf((1 + level) / 2) * width
        limits |= {
            f"lower_{name}": np.maximum(share - margin, 0),
            f"upper_{name}": np.minimum(share + margin, 1),
        }
    verdict = _verdicts(adjusted, limits)
    seen, adjusted = _in_fives(observed / total, expected / total, n_persons, share, limits)
    columns = {
        "district": names,
        "n_persons": n_persons,
        "observed": seen,
        "expected": expected / total,
        "adjusted": adjusted,
    }
    table = pl.DataFrame({**columns, **limits, "verdict": verdict})
    city = pl.DataFrame(
        {
            "district": [CITY],
            "n_persons": [int(n_persons.sum())],
            "observed": [round(share, 2)],
            "expected": [share],
            "adjusted": [round(share, 2)],
        }
    )
    return pl.concat([table, city], how="diagonal_relaxed").with_columns(
        overdispersion=pl.lit(spread)
    )


def _verdicts(adjusted: np.ndarray, limits: dict[str, np.ndarray]) -> np.ndarray:
    is_out = {
        name: (adjusted < limits[f"lower_{name}"]) | (adjusted > limits[f"upper_{name}"])
        for name in LIMITS
    }
    return np.where(is_out["998"], "outside_998", np.where(is_out["95"], "outside_95", "inside"))


def _in_fives(
    observed: np.ndarray,
    expected: np.ndarray,
    n_persons: np.ndarray,
    share: float,
    limits: dict[str, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Observed shares as five people or a multiple of them over all, to the nearest or, where a
    district would change its side of a limit by that, to the next one; and adjusted shares from
    them.
    """
    people = np.maximum(np.floor(n_persons / BASE + 0.5), 1)
    down, up = np.floor(observed * people), np.ceil(observed * people)
    is_down = observed * people - down < up - observed * people
    nearest, next_one = np.where(is_down, down, up), np.where(is_down, up, down)
    exact = _verdicts(share * observed / expected, limits)
    is_kept = _verdicts(share * nearest / people / expected, limits) == exact
    is_mended = _verdicts(share * next_one / people / expected, limits) == exact
    seen = np.where(~is_kept & is_mended, next_one, nearest) / people
    return np.round(seen, 2), np.round(share * seen / expected, 2)


def overdispersion(z: np.ndarray) -> float:
    """The winsorised mean of z squared (a tenth on either side), over that of a standard normal: 1
    where districts differ by chance alone.
    """
    low, high = np.quantile(z, [_WINSORISED, 1 - _WINSORISED])
    return float((np.clip(z, low, high) ** 2).mean() / _NORMAL_WINSORISED)


def _is_first(trials: Trials) -> np.ndarray:
    first = trials.rows.select(
        pl.col("trial_month") == pl.col("trial_month").min().over("person_id")
    ).to_series()
    return first.to_numpy()
