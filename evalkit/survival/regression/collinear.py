"""Terms that a regression cannot tell apart, by name."""

from collections.abc import Sequence

import numpy as np

from evalkit.errors import EstimationError, first_few

# Of the largest: below it a combination of terms is nothing; above it a term is part of one.
_RANK_TOLERANCE, _PART = 1e-10, 1e-3


def refuse_entangled(information: np.ndarray, names: Sequence[str]) -> None:
    """Refuse terms whose effects the data do not tell apart.

    Parameters
    ----------
    information : ndarray (n_terms, n_terms)
        The information of a model, or X'X of its columns.

    Raises
    ------
    EstimationError
        Naming the terms.
    """
    if are_entangled(information):
        raise EstimationError(
            "The covariates do not tell their effects apart.",
            where=f"terms {first_few(_entangled(information, names), 8)}",
            why="One of them is constant among those at risk, or a sum of others, so infinitely "
            "many answers fit equally well.",
            fix="leave out one category of each set, and covariates that repeat others; splines of "
            'cr and cc are asked for with constraints="center".',
        )


def are_entangled(information: np.ndarray) -> bool:
    """Whether some combination of terms makes nothing, or the information is no number."""
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    scaled = information / np.outer(scale, scale)
    return not np.isfinite(scaled).all() or bool(
        np.linalg.matrix_rank(scaled, tol=_RANK_TOLERANCE, hermitian=True) < len(scaled)
    )


def _entangled(information: np.ndarray, names: Sequence[str]) -> list[str]:
    """The terms that some combination makes nothing of: constant ones, or those that sum to each
    other.
    """
    size = np.diag(information)
    is_constant = ~(size > _RANK_TOLERANCE * max(size.max(initial=0.0), 1.0))
    if is_constant.any() or not np.isfinite(information).all():
        chosen = is_constant if is_constant.any() else ~np.isfinite(size)
        return [name for name, is_so in zip(names, chosen, strict=True) if is_so] or list(names)
    scale = np.sqrt(size)
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    nothing = vectors[:, np.abs(values) <= _RANK_TOLERANCE * np.abs(values).max()]
    is_in = np.abs(nothing).max(axis=1, initial=0.0) > _PART
    return [name for name, is_so in zip(names, is_in, strict=True) if is_so] or list(names)
