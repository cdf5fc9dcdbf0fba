"""What the files of a new project say that are its own: run file, protocols, price book, read-me
file, and what git leaves alone.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evalkit import __version__
from evalkit.line.based_on import BookBasedOn
from evalkit.line.protocol import Protocol
from evalkit.params import RunFile
from evalkit.project.commented import commented
from evalkit.project.guess import Guess, Window, protocol_values
from evalkit.shipped import OWN_NOTEBOOKS
from evalkit.vocabulary import Language

_TEMPLATES = Path(__file__).parent / "templates"
_IGNORED = (
    *("extract/", "runs/", "letters/", "build/", "*.duckdb", "*.sqlite", "*.key"),
    *(f"notebooks/explore/{OWN_NOTEBOOKS}", ".ipynb_checkpoints/"),
)
_EXAMPLE_OF_RUN = {
    "districts": ["Norr", "Söder"],
    "extract": {"first_month": "2020-01", "data_through": "2024-12"},
}
_NOT_GUESSED = "an example: write what your files hold."
_OWN_PRICES = "first of all your own taxes; what is not written here is Stockholm's."
_WHAT_ELSE = "does anything else lead to starting? What is known of it belongs here."


def run_text(
    name: str,
    languages: tuple[Language, ...],
    guessed: Guess | None,
    protocols: tuple[str, ...],
    *,
    has_mapping: bool,
) -> str:
    """The run file: what was guessed, or an example, and which protocols are estimated."""
    extract: dict[str, Any] = {"folder": "../extract"}
    if has_mapping:
        extract["mapping"] = f"../data_contracts/mappings/{name}.yaml"
    found: Mapping[str, Any] = guessed.run if guessed else _EXAMPLE_OF_RUN
    examples = ("districts", "extract.first_month", "extract.data_through")
    remarks = dict(guessed.remarks) if guessed else dict.fromkeys(examples, _NOT_GUESSED)
    values: dict[str, Any] = {
        "run": name,
        "title": dict.fromkeys(languages, name),
        "languages": list(languages),
        "districts": found["districts"],
        "seed": 1,
        "extract": extract | found["extract"],
    }
    named = [f"protocols/{one}.yaml" for one in protocols]
    values["effects"] = {
        "calendar": "calendar/sweden.yaml",
        **({"protocols": named} if named else {}),
    }
    return _header("run", "A run of evalkit.") + commented(RunFile, values, remarks)


def protocol_texts(guessed: Guess | None) -> dict[str, str]:
    """A protocol for each intervention that one was guessed for, or an example, by file name."""
    declared = guessed.protocols if guessed else {}
    if not declared:
        return {"example": _protocol_text(_example(), {"intervention_id": _NOT_GUESSED})}
    texts: dict[str, str] = {}
    for intervention, values in declared.items():
        name = file_name(intervention)
        name = f"{name}_{len(texts) + 1}" if name in texts else name
        texts[name] = _protocol_text(values, {"covariates": _WHAT_ELSE})
    return texts


def _protocol_text(values: Mapping[str, Any], remarks: Mapping[str, str]) -> str:
    header = _header("protocol", "A target trial.", folder="../")
    return header + commented(Protocol, values, remarks)


def _example() -> dict[str, Any]:
    covariates = [
        {"name": "months_on_support", "kind": "elapsed"},
        {"name": "season", "kind": "season", "starts": [3, 6, 9, 12]},
    ]
    window = Window(from_month=13, to_month=37, follow_up_months=24)
    return protocol_values("example", "A", window, covariates, is_work_known=False)


def book_text(name: str, languages: tuple[Language, ...], base: str) -> str:
    """A price book that rests on another, in which nothing is the project's own yet."""
    values = {"based_on": base, "book": name, "title": dict.fromkeys(languages, name)}
    header = _header("price_book", "A price book.", folder="../")
    return header + commented(BookBasedOn, values, {"prices": _OWN_PRICES})


def read_me(name: str, title: str, languages: tuple[Language, ...]) -> str:
    """What to do, step by step, in each language."""
    texts = [(_TEMPLATES / f"{language}.md").read_text(encoding="utf-8") for language in languages]
    replaced = {"{name}": name, "{title}": title, "{version}": __version__}
    text = "\n".join(texts)
    for what, by in replaced.items():
        text = text.replace(what, by)
    return text


def ignored(suffixes: Iterable[str]) -> str:
    """What git leaves alone: data of every kind that is read, runs, and notebooks that somebody
    tries things in, whose outputs may hold data.
    """
    lines = [*_IGNORED, *(f"*{suffix}" for suffix in suffixes)]
    return "\n".join(["# Data and results stay out of git.", *lines]) + "\n"


def file_name(name: str) -> str:
    """A name as a file and a run may bear it: its letters and digits."""
    letters = unicodedata.normalize("NFKD", name.lower())
    words = re.findall(r"[a-z0-9]+", letters.encode("ascii", "ignore").decode())
    return "_".join(words) or "project"


def _header(schema: str, what: str, folder: str = "") -> str:
    return (
        f"# yaml-language-server: $schema={folder}schema/{schema}.json\n"
        f'# {what} What a key means stands above it, after "# ". A key with a # before it has the\n'
        "# value that stands there: take the # away, and that of its heading, to write another.\n"
    )
