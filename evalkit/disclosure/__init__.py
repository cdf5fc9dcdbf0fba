"""Disclosure control: the gate between the line and its readers. Nothing is shown that is not
`Published`, and only this room makes it.
"""

from evalkit.disclosure.counts import protect_counts
from evalkit.disclosure.curves import protect_curve
from evalkit.disclosure.estimates import protect_estimates
from evalkit.disclosure.gate import protected, protected_all, read_unit, release, release_all
from evalkit.disclosure.own_table import protect_own
from evalkit.disclosure.published import RULES, Published, require_published
from evalkit.disclosure.sealing import publish, read_published

__all__ = [
    "RULES",
    "Published",
    "protect_counts",
    "protect_curve",
    "protect_estimates",
    "protect_own",
    "protected",
    "protected_all",
    "publish",
    "read_published",
    "read_unit",
    "release",
    "release_all",
    "require_published",
]
