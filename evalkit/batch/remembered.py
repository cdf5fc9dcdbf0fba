"""What is known of files that have not changed, kept beside the runs so that it is not found out
again: their hashes, which of them were searched and found clean, and which inputs were checked.

A file is known by its size, time of change and number in its file system, wherever it lies: a run
that takes over the files of the last one by links knows them too. `evalkit verify` hashes anew.
"""

import hashlib
import io
import json
import os
import tokenize
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from time import time_ns

import yaml

from evalkit.reads import Stamp, stamp_of
from evalkit.records import Loader
from evalkit.tables import sha256_of

FILE = ".remembered.json"
# A file that was changed this short a time ago may change again without its time showing it.
_SETTLED_NS = 50_000_000
_MAX_HASHES = 100_000
_OF_NO_MEANING = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING)


class Remembered:
    """The memory of a folder of runs."""

    def __init__(self, place: Path):
        self._place = place
        try:
            content = json.loads(place.read_text(encoding="utf-8"))
            self._hashes: dict[str, str] = dict(content["hashes"])
            self._clean = {basis: set(contents) for basis, contents in content["clean"].items()}
            self._facts: dict[str, str] = dict(content["facts"])
        except (OSError, ValueError, TypeError, KeyError):
            self._hashes, self._clean, self._facts = {}, dict[str, set[str]](), {}
        self._used: set[str] = set()

    def sha256(self, path: Path | str) -> str | None:
        """The SHA-256 of a file's bytes; None where there is no file."""
        return self._hash(path, "", sha256_of)

    def meaning(self, path: Path | str) -> str | None:
        """A hash of what a file means: comments and blank lines of YAML and Python leave it as it
        is. Of other files, that of their bytes.
        """
        of = _MEANINGS.get(Path(path).suffix)
        return self._hash(path, "meaning", of) if of else self.sha256(path)

    def meaning_of_keys(self, path: Path | str, keys: Sequence[str]) -> str | None:
        """A hash of what a YAML file says under some of its keys; None where there is no file."""
        return self._hash(path, ",".join(keys), lambda place: _hash_of_yaml(place, keys))

    def is_clean(self, sha256: str | None, basis: str) -> bool:
        """Whether a content was searched, and nothing was found that may not leave; `basis` tells
        what was looked for, and how.
        """
        return sha256 in self._clean.get(basis, ())

    def keep_clean(self, contents: set[str], basis: str) -> None:
        """Remember which contents hold nothing that may not leave."""
        self._clean = {basis: contents}

    def fact(self, name: str) -> str | None:
        """What was kept under a name."""
        return self._facts.get(name)

    def keep_fact(self, name: str, content: str) -> None:
        """Keep a text under a name until another is kept there."""
        self._facts[name] = content

    def save(self) -> None:
        """Write the memory, whole or not at all; only its owner can read it. Where it cannot be
        written, everything is found out again the next time.
        """
        if len(self._hashes) > _MAX_HASHES:
            self._hashes = {key: self._hashes[key] for key in self._used & set(self._hashes)}
        clean = {basis: sorted(contents) for basis, contents in self._clean.items()}
        content = {"hashes": self._hashes, "clean": clean, "facts": self._facts}
        temporary = self._place.with_name(f"{self._place.name}.{os.getpid()}")
        try:
            temporary.touch(mode=0o600)
            temporary.write_text(json.dumps(content), encoding="utf-8")
            temporary.replace(self._place)
        except OSError:
            temporary.unlink(missing_ok=True)

    def _hash(self, path: Path | str, kind: str, of) -> str | None:
        stamp = stamp_of(path)
        if stamp is None or not os.path.isfile(path):
            return None
        key = _key(stamp, kind)
        self._used.add(key)
        if key not in self._hashes:
            found = of(path)
            if time_ns() - stamp[1] < _SETTLED_NS:
                return found
            self._hashes[key] = found
        return self._hashes[key]


@cache
def remembered_in(folder: Path) -> Remembered:
    """The memory of a folder of runs, one in a process."""
    return Remembered(folder / FILE)


def _key(stamp: Stamp, kind: str) -> str:
    return "-".join([*map(str, stamp), *([kind] if kind else [])])


def _hash_of_python(path: Path | str) -> str:
    content = Path(path).read_bytes()
    try:
        tokens = [
            (token.type, token.string)
            for token in tokenize.tokenize(io.BytesIO(content).readline)
            if token.type not in _OF_NO_MEANING
        ]
    except (tokenize.TokenError, SyntaxError):
        return sha256_of(path)
    return hashlib.sha256(repr(tokens).encode()).hexdigest()


def _hash_of_yaml(path: Path | str, keys: Sequence[str] = ()) -> str:
    try:
        content = yaml.load(Path(path).read_bytes(), Loader=Loader)
    except yaml.YAMLError:
        return sha256_of(path)
    if keys and isinstance(content, dict):
        content = {key: content[key] for key in keys if key in content}
    return hashlib.sha256(repr(content).encode()).hexdigest()


_MEANINGS = {".py": _hash_of_python, ".yaml": _hash_of_yaml, ".yml": _hash_of_yaml}
