"""Keyed random numbers: every draw follows from the seed, the person, the month and the purpose,
and from nothing else.

So a person's life does not depend on who else is simulated, in which order or in how many chunks,
and two arms of a comparison share their chances. Mixing function: SplitMix64 (Steele, Lea & Flood
2014, OOPSLA, doi 10.1145/2660193.2660195).
"""

import hashlib
from enum import IntEnum

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MONTH = np.uint64(0xD1B54A32D192ED03)
_PURPOSE = np.uint64(0x8CB92BA72F3D8DD7)


class Purpose(IntEnum):
    """What a draw is for; each purpose has its own stream."""

    TRAIT = 1
    START = 2
    TRANSITION = 3
    DROPOUT = 4
    DESTINATION = 5
    MOVE = 6
    SPLIT = 7
    MISSED = 8
    AMOUNT = 9
    FOLLOW_UP = 10
    PLANNED = 11
    EXIT_REASON = 12
    READINESS = 20
    HIDDEN = 21
    PAPER = 23


def person_keys(
    seed: int, person_numbers: np.ndarray, replicate: np.ndarray | int = 0
) -> np.ndarray:
    """The key of each person's streams (uint64); a replicate gives the same person other
    chances.
    """
    with np.errstate(over="ignore"):
        base = _mix(np.asarray(np.uint64(seed % 2**63) * _GOLDEN + np.uint64(1)))
        keys = _mix(base + np.asarray(person_numbers).astype(np.uint64) * _GOLDEN)
        return _mix(keys + np.asarray(replicate).astype(np.uint64) * _MONTH)


def uniforms(keys: np.ndarray, month: np.ndarray | int, purpose: int, item: int = 0) -> np.ndarray:
    """Uniform numbers in (0, 1), one per key: by month (may be negative), purpose and item within
    the purpose. float32.
    """
    with np.errstate(over="ignore"):
        clock = (np.asarray(month).astype(np.int64) + 100_000).astype(np.uint64) * _MONTH
        mixed = _mix(keys + clock + np.uint64(purpose + 100 * item) * _PURPOSE)
    return ((mixed >> np.uint64(41)).astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-23)


def normals(
    keys: np.ndarray, item: int, purpose: int = Purpose.TRAIT, *, month: np.ndarray | int = 0
) -> np.ndarray:
    """Standard normal numbers, one per key (Box-Muller on two of the key's uniforms). float32."""
    first = uniforms(keys, month, purpose, 2 * item + 1000).astype(np.float64)
    second = uniforms(keys, month, purpose, 2 * item + 1001)
    return (np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)).astype(np.float32)


def named_normal(*names: str) -> float:
    """A standard normal number that follows from names alone: what a city fixes once for all
    seeds.
    """
    digest = hashlib.sha256("|".join(names).encode()).digest()
    return float(normals(np.frombuffer(digest[:8], dtype=np.uint64), 0)[0])


def _mix(bits: np.ndarray) -> np.ndarray:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
