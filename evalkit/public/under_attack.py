"""What the attacker says of a vintage: its certificate, and a last attack on what is about to
become public, together with all that is public already.
"""

from collections.abc import Sequence
from pathlib import Path

from evalkit.disclosure.attack import Attack, attack, read_certificate
from evalkit.errors import DisclosureError, first_few
from evalkit.public.conditions import Check
from evalkit.public.register import PublicVintage

_RULE = "no count of 1 to 4 known within fewer than three values"


def has_passed(run_dir: Path) -> Check:
    """Whether the vintage was attacked as it is, in vain."""
    return _in_vain(read_certificate(run_dir), "attack", run_dir)


def is_attacked_in_vain(staged: Path, earlier: Sequence[PublicVintage]) -> Check:
    """Whether an attack on the public tables finds nothing, with all earlier ones known."""
    found = attack(staged, [vintage.folder for vintage in earlier])
    return _in_vain(found, f"attack with what is public ({len(earlier)})", staged)


def _in_vain(found: Attack, condition: str, folder: Path) -> Check:
    if not found.passed:
        raise DisclosureError(
            f"What the attacker finds: {len(found.findings)}.",
            where=f"{folder}: {first_few(one.cell for one in found.findings)}",
            why="Whoever puts the public numbers together would know them too. Nothing was "
            "released.",
            fix="join each with the next answer or leave it out, run again and attack again: "
            "evalkit attack",
        )
    return Check(condition, _RULE, f"nothing in {found.n_counts} counts, {found.n_sums} sums")
