"""Workbooks and office documents as the archives that they are, looked at before a reader unpacks
them: how large they become, and which cells of a sheet are merged.

A small file can unpack to more than the memory holds. What is declared may be false, so what is
unpacked is counted, a piece at a time.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evalkit.errors import IntakeError
from evalkit.intake.reading.delivered import unreadable

# A sheet full of rows (1 048 576) and twenty columns comes to about this; workbooks as Excel writes
# them unpack to 10 to 25 times their size.
_MAX_BYTES = 1 << 30
_MAX_RATIO, _FREE_BYTES = 100, 1 << 25
_PIECE = 1 << 20
_MERGE, _MERGED = b"mergeCell ", re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:]+)"')
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_IS_ENCRYPTED = 1


@dataclass(frozen=True)
class Archive:
    """An archive that was looked through: the file, and its members by name."""

    path: Path
    members: tuple[zipfile.ZipInfo, ...]


def open_archive(path: Path) -> Archive:
    """Look an archive through before it is read.

    Raises
    ------
    IntakeError
        If it is damaged, encrypted, or unpacks to more than may be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = tuple(archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as fault:
        raise _damaged(path) from fault
    if any(member.flag_bits & _IS_ENCRYPTED for member in members):
        raise unreadable(path, "It is encrypted.")
    packed = path.stat().st_size
    _refuse_too_large(path, sum(member.file_size for member in members), packed)
    n_bytes = 0
    for member in members:
        for piece in _pieces(path, member):
            n_bytes += len(piece)
            _refuse_too_large(path, n_bytes, packed)
    return Archive(path, members)


def merged_cells(archive: Archive, sheet: str) -> list[str]:
    """The merged cells of a sheet of a workbook in Excel's own format, as it names them ("A1:C1");
    none where the sheet is not found.

    Raises
    ------
    IntakeError
        If the workbook's own list of sheets cannot be read.
    """
    by_name = {member.filename: member for member in archive.members}
    member = by_name.get(_member_of(archive, by_name, sheet))
    if member is None:
        return []
    tail = b""
    for piece in _pieces(archive.path, member):
        # What is merged stands behind all rows; from there on everything is kept.
        tail = tail + piece if _MERGE in tail else tail[-len(_MERGE) :] + piece
    return [found.decode() for found in _MERGED.findall(tail)]


def _member_of(archive: Archive, by_name: dict[str, zipfile.ZipInfo], sheet: str) -> str | None:
    """The member that holds a sheet, by the workbook's list of sheets and where each lies."""
    from xml.etree import ElementTree

    texts = [
        b"".join(_pieces(archive.path, by_name[name])) if name in by_name else b"<none/>"
        for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
    ]
    try:
        book, links = (ElementTree.fromstring(text) for text in texts)
    except ElementTree.ParseError as fault:
        raise _damaged(archive.path) from fault
    asked = next(
        (
            value
            for element in book.iter()
            if element.tag.endswith("}sheet") and element.get("name") == sheet
            for name, value in element.items()
            if name.endswith("}id")
        ),
        None,
    )
    target = next((link.get("Target", "") for link in links if link.get("Id") == asked), None)
    if target is None:
        return None
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _pieces(path: Path, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of a member, piece by piece, however long it says that it is."""
    try:
        with path.open("rb") as file:
            file.seek(member.header_offset)
            *_, n_name, n_extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
            file.seek(n_name + n_extra, 1)
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise unreadable(path, "It is packed in a way that is not read.")
            is_stored, left = member.compress_type == zipfile.ZIP_STORED, member.compress_size
            unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
            while left and not unpacking.eof:
                packed = file.read(min(_PIECE, left))
                if not packed:
                    raise _damaged(path)
                left -= len(packed)
                if is_stored:
                    yield packed
                    continue
                while packed and not unpacking.eof:
                    yield unpacking.decompress(packed, _PIECE)
                    packed = unpacking.unconsumed_tail
            yield unpacking.flush()
    except (struct.error, zlib.error, OSError) as fault:
        raise _damaged(path) from fault


def _refuse_too_large(path: Path, n_bytes: int, packed: int) -> None:
    if n_bytes > _MAX_BYTES or n_bytes > max(_FREE_BYTES, _MAX_RATIO * packed):
        raise unreadable(
            path,
            f"Unpacked it takes more than {_MAX_BYTES >> 30} GB or {_MAX_RATIO} times its own "
            "size, as no table does.",
        )


def _damaged(path: Path) -> IntakeError:
    return unreadable(path, "It is not an Excel workbook or office document, or it is damaged.")
