"""Whose data have changed since a public vintage: per person and district a keyed hash of all that
the numbers rest on.

What merely goes on is no change: a further month on support, in a state or in an intervention that
has not ended. Counted are those who have come, left, changed state or district, begun or ended an
intervention, or of whom something earlier is known otherwise now. Nearly everybody on support has a
new payment each month; if that counted, the rule would hold back nobody, while a single exit among
them could be read off (tests/public/test_sequences.py measures it).
"""

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from evalkit.errors import DisclosureError
from evalkit.params import Run
from evalkit.public.register import PRIVATE, PublicVintage
from evalkit.tables import make_private_folder

# With fewer people whose data have changed, the numbers of a district stay what they were.
MIN_CHANGED = 5
_KEY = "key"
_KEY_BYTES = 32
# By table: the column that is empty while what a row tells still goes on, and what then says only
# how long the data reach.
_GOES_ON = {
    "support_spells": ("exit_state", ("end", "months")),
    "state_intervals": ("to_state", ("stop_month",)),
    "episodes": ("is_running", ("end",)),
}
# The tables that a digest is made of.
RESTED_ON = ("person", *_GOES_ON)
# Which number a household bears may change from one delivery to the next.
_LEFT_OUT = ("household_id", "cluster_id")


def digest_of(tables: Mapping[str, pl.DataFrame], key: bytes) -> pl.DataFrame:
    """What a vintage's numbers rest on, one row per person and district: `person` and `facts`, both
    keyed hashes, and `district`.

    Parameters
    ----------
    tables : mapping of DataFrame
        The tables of `RESTED_ON`.
    key : bytes
        The run's key: without it a hash tells nothing of whom it is.
    """
    home = tables["person"].select("person_id", _home="district")
    facts = [_facts(tables[name], name, home) for name in RESTED_ON]
    by_person = (
        pl.concat(facts)
        .sort("person_id", "district", "fact", nulls_last=True)
        .group_by("person_id", "district", maintain_order=True)
        .agg(pl.col("fact").str.join("\n"))
    )
    return by_person.select(
        person=pl.Series([_hash(one, key) for one in by_person["person_id"]], dtype=pl.String),
        district="district",
        facts=pl.Series([_hash(one, key) for one in by_person["fact"]], dtype=pl.String),
    ).sort("person", "district")


def n_changed(before: pl.DataFrame, now: pl.DataFrame, district: str | None = None) -> int:
    """How many people's data differ between two vintages: of a district, or of the whole city."""
    if district is not None:
        before, now = (rows.filter(pl.col("district") == district) for rows in (before, now))
    both = before.join(now, on=["person", "district"], how="full", coalesce=True)
    differs = pl.col("facts").ne_missing(pl.col("facts_right"))
    return both.filter(differs)["person"].n_unique()


def stands_of(run: Run, digest: pl.DataFrame, last: PublicVintage | None) -> dict[str, str]:
    """By district the public vintage whose numbers stand when this one becomes public: itself where
    enough people have changed since then, or where the district was never public.

    Raises
    ------
    DisclosureError
        If too few people of the whole city have changed, or who has cannot be seen.
    """
    own = run.run_dir.name
    if last is None:
        return dict.fromkeys(run.params.districts, own)
    files = [_digest_file(run.run_dir.parent, name) for name in {last.name, *last.stands.values()}]
    if gone := [file.name for file in files if not file.is_file()]:
        raise _unseen("Hashes of a public vintage are gone.", where=f"{files[0].parent}: {gone[0]}")
    digests = {file.stem: pl.read_parquet(file) for file in files}
    people, before = set(digest["person"]), set(digests[last.name]["person"])
    if len(people & before) < len(before) / 2:
        raise _unseen(
            f"Fewer than half of the people of {last.name} are found again.",
            where=f"{run.run_dir} and {files[0].with_name(_KEY)}",
        )
    if n_changed(digests[last.name], digest) < MIN_CHANGED:
        raise DisclosureError(
            f"The data of fewer than {MIN_CHANGED} people have changed since {last.name}.",
            where=str(run.run_dir),
            why="The difference between the two vintages would be these few. Nothing was released.",
            fix="wait for the next data; what is public stands.",
        )
    return {
        name: own
        if name not in last.stands
        or n_changed(digests[last.stands[name]], digest, name) >= MIN_CHANGED
        else last.stands[name]
        for name in run.params.districts
    }


def key_of(home: Path) -> bytes:
    """The key of a run's hashes, made at random when it is first asked for."""
    path = make_private_folder(home / PRIVATE) / _KEY
    if not path.exists():
        temporary = path.with_name(f".{_KEY}.{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_bytes(secrets.token_bytes(_KEY_BYTES))
        temporary.rename(path)
    return path.read_bytes()


def write_digest(digest: pl.DataFrame, home: Path, vintage: str) -> None:
    """Keep the hashes of a vintage that becomes public."""
    path = _digest_file(home, vintage)
    temporary = make_private_folder(path.parent) / f".{path.name}.{os.getpid()}"
    digest.write_parquet(temporary, compression="zstd")
    temporary.chmod(0o600)
    temporary.replace(path)


def _unseen(what: str, *, where: str) -> DisclosureError:
    return DisclosureError(
        what,
        where=where,
        why="Who has changed since cannot be seen: then everybody would seem to have, and every "
        "district have new numbers. Nothing was released.",
        fix="put private/ back as it was; have the sender keep the ids (evalkit pseudonymise with "
        "the same --key).",
    )


def _digest_file(home: Path, vintage: str) -> Path:
    """Where the hashes of a public vintage lie."""
    return home / PRIVATE / f"{vintage}.parquet"


def _facts(rows: pl.DataFrame, name: str, home: pl.DataFrame) -> pl.DataFrame:
    """Each row of a table as one text, by person and district: its own, else the person's."""
    if name in _GOES_ON:
        ended, reach = _GOES_ON[name]
        goes_on = pl.col(ended) if rows.schema[ended] == pl.Boolean else pl.col(ended).is_null()
        rows = rows.with_columns(pl.when(~goes_on).then(pl.col(column)) for column in reach)
    rows = rows.join(home, on="person_id", how="left")
    district = pl.coalesce([column for column in ("district", "_home") if column in rows.columns])
    told = sorted(set(rows.columns) - {"person_id", "_home", *_LEFT_OUT})
    fact = pl.struct(told).struct.json_encode()
    return rows.select("person_id", district.alias("district"), fact=pl.lit(name + " ") + fact)


def _hash(text: str, key: bytes) -> str:
    return hashlib.blake2b(text.encode(), key=key, digest_size=16).hexdigest()
