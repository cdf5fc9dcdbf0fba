"""The key of the pseudonyms, and what it makes of an id (HMAC-SHA256).

The key lies in a file outside the project that only its owner can read; it is never a parameter, an
argument or an environment variable. Persons and households have keys of their own, derived from it,
so that an id that names both (a case named after its applicant) does not tie the two together. A
pseudonym is 128 bits of the hash written with the letters a to p: without digits it can never pass
for a personal number. A personal number is hashed as its ten digits without century and sign, so
that its different ways of writing give one pseudonym. (Two people exactly a hundred years apart
with the same number would share one.)
"""

import hashlib
import hmac
import math
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from evalkit.errors import IntakeError
from evalkit.ids import ten_digits_of
from evalkit.line.columns import PERSON_IDS

PERSON, HOUSEHOLD = PERSON_IDS
_SHORTEST_KEY = 32
# Bits that the bytes of a key must hold, counted by how often each of them, and each step from one
# to the next, stands in it: 32 random bytes hold about 155, 32 random hexadecimal digits about 115.
_LEAST_BITS = 96
# Pieces of this many bytes hardly ever come twice in a random key.
_PIECE, _MAX_REPEATED_SHARE = 4, 1 / 8
_HEXADECIMAL = re.compile(rb"(?:[0-9a-f]+|[0-9A-F]+)\s*")
_BASE_64 = re.compile(rb"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9+/_=\s-]+", re.DOTALL)
_N_BYTES, _N_FINGERPRINT_BYTES = 16, 8
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_MAKE_ONE = "make one: head -c 32 /dev/urandom > KEYFILE && chmod 600 KEYFILE"


def read_key(path: Path | str, *, project: Path | str) -> bytes:
    """Read the key of the pseudonyms.

    Parameters
    ----------
    path : path
        The file of the key, at least 32 bytes that nobody can guess.
    project : path
        The folder of the project, inside which no key may lie.

    Raises
    ------
    IntakeError
        If the file is missing, too short or easy to guess, lies inside the project, or can be read
        by others than its owner.
    """
    given, real = Path(path), Path(path).resolve()
    if real.is_relative_to(Path(project).resolve()) or Path(os.path.abspath(given)).is_relative_to(
        Path(project).resolve()
    ):
        raise _bad_key(
            "The key lies inside the project's folder.",
            "move it to a place of its own, for example a folder in your home.",
        )
    if not real.is_file():
        raise _bad_key("There is no such file.", _MAKE_ONE)
    if real.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise _bad_key("Others than its owner may read or change the file.", "chmod 600 KEYFILE")
    key = real.read_bytes()
    if weakness := _weakness(key):
        raise _bad_key(weakness, _MAKE_ONE)
    return key


def pseudonym(text: str, key: bytes, *, of: str = PERSON) -> str:
    """The pseudonym of an id of a person or of a household: 32 letters.

    Parameters
    ----------
    text : str
        The id; a personal number in any of its ways of writing.
    key : bytes
        What `read_key` read.
    of : str
        Whose id it is: one of `PERSON_IDS`.
    """
    own_key = hmac.digest(key, of.encode(), hashlib.sha256)
    message = (ten_digits_of(text) or text.strip()).encode()
    return _letters(hmac.digest(own_key, message, hashlib.sha256)[:_N_BYTES])


def fingerprint(key: bytes) -> str:
    """What tells one key from another and gives nothing of it away: four groups of four letters."""
    letters = _letters(
        hmac.digest(key, b"fingerprint of the key", hashlib.sha256)[:_N_FINGERPRINT_BYTES]
    )
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))


def _letters(digest: bytes) -> str:
    return digest.hex().translate(_LETTERS)


def _weakness(key: bytes) -> str | None:
    """Why a key could be guessed; None where nothing speaks for it."""
    if len(key) < _SHORTEST_KEY:
        return f"The key is shorter than {_SHORTEST_KEY} bytes."
    is_text = all(32 <= byte < 127 or byte in b"\t\r\n" for byte in key)
    if is_text and not (_HEXADECIMAL.fullmatch(key) or _BASE_64.fullmatch(key)):
        return "The key is made of words or of signs of one kind, which can be guessed."
    steps = ((after - before) % 256 for before, after in pairwise(key))
    pieces = [key[i : i + _PIECE] for i in range(len(key) - _PIECE + 1)]
    is_repeating = len(pieces) - len(set(pieces)) > _MAX_REPEATED_SHARE * len(pieces)
    if is_repeating or min(_bits(key), _bits(steps)) < _LEAST_BITS:
        return "The key repeats itself or follows a rule, so that it can be guessed."
    return None


def _bits(symbols: Iterable[int]) -> float:
    """How many bits symbols hold, were each drawn as often as it stands among them."""
    counts = Counter(symbols).values()
    n = sum(counts)
    return -sum(count * math.log2(count / n) for count in counts)


def _bad_key(why: str, fix: str) -> IntakeError:
    return IntakeError(
        "The key of the pseudonyms cannot be used.",
        where="the file given by --key",
        why=f"{why} Nothing was written.",
        fix=fix,
    )
