"""The last look before something leaves the private folder: no person's id, no personal number, no
password, no folder of this computer and no name of a column that was left out in notebooks, pages
and tables.

Ids are those of the run's own person and household tables, compared as whole tokens without regard
to case, as are the names of columns but for those that are words of evalkit's or of the run's own
files; a password is the database's, also as addresses, pages and archives write it. Findings are
counts; the values are never shown.
"""

import base64
import hashlib
import html
import json
import os
import re
import sys
from dataclasses import astuple, dataclass
from pathlib import Path
from urllib.parse import quote

import polars as pl

import evalkit
from evalkit import ids
from evalkit.batch.remembered import Remembered
from evalkit.errors import BatchError
from evalkit.ids import count_personal_numbers
from evalkit.line.columns import COLUMNS
from evalkit.line.derived import UNREAD
from evalkit.params import run_file_of, run_record
from evalkit.reads import PASSWORD_VARIABLE
from evalkit.runs import RUN_RECORD

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
class Tokens:
    """Names to look for as whole tokens (lower case), and of how many words each may be."""

    names: pl.Series
    word_counts: tuple[int, ...]

    @classmethod
    def of(cls, names: pl.Series) -> "Tokens":
        """The tokens of names without what stands around their words."""
        n_words = names.str.count_matches(r"[\p{L}\p{N}]+").unique().sort().to_list()
        return cls(names, tuple(n for n in n_words if n))

    def count(self, text: str) -> int:
        """How many different names stand in a text, bounded by all but letters and digits."""
        if not self.word_counts:
            return 0
        lowered = text.lower()
        words = [match.span() for match in _WORD.finditer(lowered)]
        longest = int(self.names.str.len_chars().to_numpy().max(initial=0))
        candidates = {
            lowered[words[i][0] : words[i + n - 1][1]]
            for n in self.word_counts
            for i in range(len(words) - n + 1)
            if words[i + n - 1][1] - words[i][0] <= longest
        }
        return self.names.filter(self.names.is_in(list(candidates))).len()


_NONE = Tokens(pl.Series([], dtype=pl.String), ())


@dataclass(frozen=True)
class KnownIds:
    """What to look for: ids, whether they can be told from plain numbers, the forms in which a
    password may stand, folders of this computer, and names of columns that were left out.
    """

    ids: Tokens
    are_recognisable: bool = True
    secrets: tuple[str, ...] = ()
    places: re.Pattern | None = None
    columns: Tokens = _NONE


@dataclass(frozen=True)
class Findings:
    """How many ids of persons and households, how many personal numbers, how often a password and a
    folder of this computer, and how many names of columns that were left out a text holds.
    """

    n_ids: int = 0
    n_personal_numbers: int = 0
    n_secrets: int = 0
    n_places: int = 0
    n_columns: int = 0

    def __bool__(self) -> bool:
        return any(astuple(self))

    def __add__(self, other: "Findings") -> "Findings":
        return Findings(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    def in_words(self) -> str:
        """'2 ids of persons and 1 personal number'."""
        said = (
            _number_of(self.n_ids, "id", "s", " of persons or households"),
            _number_of(self.n_personal_numbers, "personal number", "s"),
            "the database's password" if self.n_secrets else "",
            _number_of(self.n_places, "path", "s", " of this computer"),
            _number_of(self.n_columns, "name", "s", " of columns that were not read in"),
        )
        return " and ".join(words for words in said if words)


def _number_of(n: int, name: str, plural: str, of: str = "") -> str:
    return f"{n} {name}{plural if n > 1 else ''}{of}" if n else ""


def known_ids(run_dir: Path) -> KnownIds:
    """What to look for in a run's outputs: the ids in its person and household tables (none before
    they are written), and what else may not leave.
    """
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
    ids = _bare(delivered)
    is_recognisable = ids.str.contains(r"\p{L}") & (ids.str.len_chars() >= 3) | (
        ids.str.len_chars() >= MIN_DIGITS_OF_NUMERIC_ID
    )
    recognisable = ids.filter(is_recognisable)
    return KnownIds(
        Tokens.of(recognisable),
        len(recognisable) == len(ids),
        _secrets(),
        _places(run_dir),
        Tokens.of(_columns_left_out(run_dir)),
    )


def _bare(names: pl.Series) -> pl.Series:
    return names.str.to_lowercase().str.strip_chars(" \t-_.:/#")


def _places(run_dir: Path) -> re.Pattern | None:
    """The folders of this computer that a path may begin with: the user's home, those of the runs,
    of the run file and of evalkit, and Python's own.
    """
    folders = [Path.home(), run_dir.parent.parent, Path(evalkit.__file__).parent.parent]
    folders += [run_file_of(run_dir).parent] if (run_dir / RUN_RECORD).is_file() else []
    folders += [Path(sys.prefix)] if sys.prefix != sys.base_prefix else []
    written = {
        form
        for folder in folders
        for place in {folder.absolute(), folder.resolve()}
        if place != Path(place.anchor)
        for form in (str(place), place.as_posix(), quote(place.as_posix()))
    }
    longest_first = sorted(written, key=len, reverse=True)
    any_of = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<!\w)(?:{any_of})(?![\w-])") if written else None


def _columns_left_out(run_dir: Path) -> pl.Series:
    """The names of delivered columns that were not read in, without those that may stand anywhere:
    words of evalkit's, of the contracts and of the run's own files.
    """
    table = run_dir / "work" / f"{UNREAD.name}.parquet"
    names = _bare(_read_parquet(table)["column"]) if table.exists() else pl.Series(dtype=pl.String)
    names = names.filter(names.str.len_chars() >= MIN_LETTERS_OF_SECRET).unique(maintain_order=True)
    if names.is_empty():
        return names
    files = list(Path(evalkit.__file__).parent.rglob("*.yaml"))
    if (run_dir / RUN_RECORD).is_file():
        beside = run_file_of(run_dir).parent
        contracts = beside / run_record(run_dir)["params"]["contracts"]
        files += [*contracts.rglob("*.yaml"), *beside.glob("*.yaml"), *beside.glob("*/*.yaml")]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    ours = " ".join([*texts, *COLUMNS]).lower()
    return names.filter([not re.search(rf"(?<!\w){re.escape(n)}(?!\w)", ours) for n in names])


def search_basis(run_dir: Path, remembered: Remembered) -> str:
    """What a search of the run's outputs rests on, as a hash: the tables that hold what to look
    for, the places of this computer, and the code that looks for them.
    """
    tables = [run_dir / "work" / f"{table}.parquet" for table in (*ID_SOURCES, UNREAD.name)]
    code = [Path(__file__), Path(ids.__file__)]
    hashes = [remembered.sha256(path) or "" for path in (*tables, *code)]
    hashes.append(places.pattern if (places := _places(run_dir)) else "")
    # Slow on purpose: what is remembered must not help to guess a password.
    hashes += [
        hashlib.pbkdf2_hmac("sha256", secret.encode(), b"evalkit", 100_000).hex()
        for secret in _secrets()[:1]
    ]
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()[:16]


def scan_text(text: str, known: KnownIds) -> Findings:
    """The findings in a text."""
    return Findings(
        known.ids.count(text),
        count_personal_numbers(_CHECKSUM_OR_DECIMAL.sub(" ", text)),
        sum(text.count(secret) for secret in known.secrets),
        len(known.places.findall(text)) if known.places else 0,
        known.columns.count(text),
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


def _texts(content: object) -> list[str]:
    """All texts in a nested structure, keys included."""
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        return [text for key, value in content.items() for text in (str(key), *_texts(value))]
    if isinstance(content, list | tuple):
        return [text for value in content for text in _texts(value)]
    return [str(content)] if isinstance(content, int) and not isinstance(content, bool) else []
