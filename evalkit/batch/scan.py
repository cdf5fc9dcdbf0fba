"""The last look before something leaves the private folder: no person's id, no personal number and
no password in notebooks, pages and tables.

Ids are those of the run's own person and household tables, compared as whole tokens without regard
to case; a password is the database's, also as addresses, pages and archives write it. Findings are
counts; the values are never shown.
"""

import base64
import hashlib
import html
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import polars as pl

from evalkit import ids
from evalkit.batch.remembered import Remembered
from evalkit.errors import BatchError
from evalkit.ids import count_personal_numbers
from evalkit.reads import PASSWORD_VARIABLE

ID_SOURCES = {"person": "person_id", "household_member": "household_id"}
SCANNED_ENDINGS = (
    ".html",
    ".htm",
    ".svg",
    ".json",
    ".csv",
    ".txt",
    ".md",
    ".xml",
    ".ipynb",
    ".parquet",
)
# Without a letter an id must be this long to be told from a count or a year.
MIN_DIGITS_OF_NUMERIC_ID = 7
# Fewer letters stand anywhere by chance.
MIN_LETTERS_OF_SECRET = 4
_WORD = re.compile(r"[^\W_]+")
# Digits of checksums and decimals look like dates by chance; neither holds a personal number.
_CHECKSUM_OR_DECIMAL = re.compile(
    r"\b(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{32,}\b|\d+\.\d+(?:[eE][-+]?\d+)?"
)


@dataclass(frozen=True)
class KnownIds:
    """The ids to look for (lower case), of how many words each may be, whether they can be told
    from plain numbers, and the forms in which a password may stand.
    """

    ids: pl.Series
    word_counts: tuple[int, ...]
    are_recognisable: bool
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """How many ids of persons and households, how many personal numbers and how often a password a
    text holds.
    """

    n_ids: int = 0
    n_personal_numbers: int = 0
    n_secrets: int = 0

    def __bool__(self) -> bool:
        return bool(self.n_ids or self.n_personal_numbers or self.n_secrets)

    def __add__(self, other: "Findings") -> "Findings":
        return Findings(
            self.n_ids + other.n_ids,
            self.n_personal_numbers + other.n_personal_numbers,
            self.n_secrets + other.n_secrets,
        )

    def in_words(self) -> str:
        """'2 ids of persons and 1 personal number'."""
        ids = (
            f"{self.n_ids} id{'s' if self.n_ids > 1 else ''} of persons or households"
            if self.n_ids
            else ""
        )
        numbers = (
            f"{self.n_personal_numbers} personal number{'s' if self.n_personal_numbers > 1 else ''}"
            if self.n_personal_numbers
            else ""
        )
        secrets = "the database's password" if self.n_secrets else ""
        return " and ".join(words for words in (ids, numbers, secrets) if words)


def known_ids(run_dir: Path) -> KnownIds:
    """The ids in the run's person and household tables; none before they are written."""
    columns = [
        _read_parquet(path, columns=[column])[column].cast(pl.String).alias("id")
        for table, column in ID_SOURCES.items()
        if (path := run_dir / "work" / f"{table}.parquet").exists()
    ]
    delivered = (
        pl.concat(columns).drop_nulls().unique()
        if columns
        else pl.Series("id", [], dtype=pl.String)
    )
    ids = delivered.str.to_lowercase().str.strip_chars(" \t-_.:/#")
    is_recognisable = ids.str.contains(r"\p{L}") & (ids.str.len_chars() >= 3) | (
        ids.str.len_chars() >= MIN_DIGITS_OF_NUMERIC_ID
    )
    recognisable = ids.filter(is_recognisable)
    n_words = recognisable.str.count_matches(r"[\p{L}\p{N}]+").unique().sort().to_list()
    are_recognisable = len(recognisable) == len(ids)
    return KnownIds(recognisable, tuple(n for n in n_words if n), are_recognisable, _secrets())


def search_basis(run_dir: Path, remembered: Remembered) -> str:
    """What a search of the run's outputs rests on, as a hash: the tables that hold the ids, and the
    code that looks for them.
    """
    tables = [run_dir / "work" / f"{table}.parquet" for table in ID_SOURCES]
    code = [Path(__file__), Path(ids.__file__)]
    hashes = [remembered.sha256(path) or "" for path in (*tables, *code)]
    # Slow on purpose: what is remembered must not help to guess a password.
    hashes += [
        hashlib.pbkdf2_hmac("sha256", secret.encode(), b"evalkit", 100_000).hex()
        for secret in _secrets()[:1]
    ]
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()[:16]


def scan_text(text: str, known: KnownIds) -> Findings:
    """The findings in a text."""
    return Findings(
        _count_ids(text, known),
        count_personal_numbers(_CHECKSUM_OR_DECIMAL.sub(" ", text)),
        sum(text.count(secret) for secret in known.secrets),
    )


def _secrets() -> tuple[str, ...]:
    """The database's password, where the environment holds one, as it may be written."""
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if len(password) < MIN_LETTERS_OF_SECRET:
        return ()
    # Inside a longer text base64 has one of three forms, whose edges depend on what stands beside.
    secret = password.encode()
    encoded = [
        base64.b64encode(b"-" * n + secret).decode()[-(-4 * n // 3) : 4 * (n + len(secret)) // 3]
        for n in range(3)
    ]
    forms = (password, quote(password, safe=""), html.escape(password), *encoded)
    return tuple(dict.fromkeys(form for form in forms if len(form) >= MIN_LETTERS_OF_SECRET))


def scan_notebook(notebook: dict, known: KnownIds) -> dict[int, Findings]:
    """The findings by cell (numbered from 1), in sources, outputs and metadata; cell 0 stands for
    the notebook's own metadata.
    """
    contents = {0: notebook["metadata"], **dict(enumerate(notebook["cells"], start=1))}
    findings = {
        number: scan_text(html.unescape("\n".join(_texts(content))), known)
        for number, content in contents.items()
    }
    return {number: in_cell for number, in_cell in findings.items() if in_cell}


def scan_file(path: Path, known: KnownIds) -> Findings:
    """The findings in a published table, its record or a page; files of other kinds hold none."""
    if path.suffix == ".parquet":
        table = _read_parquet(path)
        texts = table.select(pl.selectors.string() | pl.selectors.integer())
        return scan_text(
            "\n".join(str(value) for column in texts for value in column.unique().drop_nulls()),
            known,
        )
    if path.suffix not in SCANNED_ENDINGS:
        return Findings()
    text = path.read_text(encoding="utf-8", errors="replace")
    return scan_text(
        html.unescape(_decoded(text) if path.suffix in (".json", ".ipynb") else text), known
    )


def _read_parquet(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, columns=columns, glob=False)
    except pl.exceptions.PolarsError:
        raise BatchError(
            "A table of the run cannot be read.",
            where=f"{path.parent.name}/{path.name}",
            why="The file is damaged, or no table: outputs cannot be searched for persons.",
            fix="remove the file; the next run makes it anew where it is one of the run's own.",
        ) from None


def _decoded(text: str) -> str:
    """The texts of a JSON file without its escapes ("\\n" before an id would hide it); the text
    itself if it is not JSON.
    """
    try:
        return "\n".join(_texts(json.loads(text)))
    except ValueError:
        return text


def _count_ids(text: str, known: KnownIds) -> int:
    """How many different ids stand in the text, bounded by anything but letters and digits."""
    if not known.word_counts:
        return 0
    lowered = text.lower()
    words = [match.span() for match in _WORD.finditer(lowered)]
    longest = int(known.ids.str.len_chars().to_numpy().max(initial=0))
    candidates = {
        lowered[words[i][0] : words[i + n - 1][1]]
        for n in known.word_counts
        for i in range(len(words) - n + 1)
        if words[i + n - 1][1] - words[i][0] <= longest
    }
    return known.ids.filter(known.ids.is_in(list(candidates))).len()


def _texts(content: object) -> list[str]:
    """All texts in a nested structure, keys included."""
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        return [text for key, value in content.items() for text in (str(key), *_texts(value))]
    if isinstance(content, list | tuple):
        return [text for value in content for text in _texts(value)]
    return [str(content)] if isinstance(content, int) and not isinstance(content, bool) else []
