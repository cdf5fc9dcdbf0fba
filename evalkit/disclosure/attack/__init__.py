"""The attacker: knows everything that a run publishes and computes what it can of single people.
docs/DISCLOSURE.md says what it knows and tries.
"""

from evalkit.disclosure.attack.certificate import (
    Attack,
    Finding,
    attack,
    describe,
    published_hash,
    read_certificate,
    write_certificate,
)

__all__ = [
    "Attack",
    "Finding",
    "attack",
    "describe",
    "published_hash",
    "read_certificate",
    "write_certificate",
]
