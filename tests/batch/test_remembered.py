"""What is known of files that have not changed is not found out again."""

import os
import stat
import time

import pytest

from evalkit.batch import remembered
from evalkit.batch.remembered import FILE, Remembered

SHA256_OF_ABC = (
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
)
AN_HOUR_AGO = time.time() - 3600


@pytest.fixture
def hashed(monkeypatch):
    """The files that are hashed from now on."""
    files = []

    def noted(path):
        files.append(path)
        return known(path)

    known = remembered.sha256_of
    monkeypatch.setattr(remembered, "sha256_of", noted)
    return files


def write(path, text: str, *, when: float = AN_HOUR_AGO):
    path.write_text(text)
    os.utime(path, (when, when))
    return path


def test_a_file_is_hashed_once_wherever_it_is_linked(tmp_path, hashed):
    memory = Remembered(tmp_path / FILE)
    file = write(tmp_path / "a.txt", "abc")
    first = memory.sha256(file)
    os.link(file, tmp_path / "b.txt")
    memory.save()

    again = Remembered(tmp_path / FILE).sha256(tmp_path / "b.txt")

    assert (first, again, hashed) == (SHA256_OF_ABC, SHA256_OF_ABC, [file])


def test_a_changed_file_is_hashed_anew(tmp_path, hashed):
    memory = Remembered(tmp_path / FILE)
    file = write(tmp_path / "a.txt", "abc")
    memory.sha256(file)

    write(file, "abd", when=AN_HOUR_AGO + 1)

    assert memory.sha256(file) != SHA256_OF_ABC
    assert hashed == [file, file]


def test_a_file_that_was_just_written_may_still_change_and_is_not_remembered(tmp_path, hashed):
    memory = Remembered(tmp_path / FILE)
    file = write(tmp_path / "a.txt", "abc", when=time.time() + 1)

    assert memory.sha256(file) == memory.sha256(file) == SHA256_OF_ABC
    assert len(hashed) == 2


def test_no_file_has_no_hash(tmp_path):
    memory = Remembered(tmp_path / FILE)

    assert memory.sha256(tmp_path / "none") is None
    assert memory.meaning(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "one", "same", "other"),
    [
        ("a.yaml", "x: 1\n", "# why\nx:   1  # so\n\n", "x: 2\n"),
        ("a.yaml", "x: '1'\n", 'x: "1"\n', "x: 1\n"),
        ("a.yaml", "{x: 1, y: 2}\n", "x: 1\ny: 2\n", "{y: 2, x: 1}\n"),
        ("a.yaml", "x: [\n", "x: [\n", "x: [ \n"),
        ("a.py", "x = 1\n", "# why\n\nx = 1  # so\n", "x = 2\n"),
        ("a.py", "if x:\n    y\n", "if x:\n\n    y\n", "if x:\n    y\ny\n"),
        ("a.py", "x = (\n", "x = (\n", "x = ( \n"),
        ("a.csv", "x\n", "x\n", "# why\nx\n"),
    ],
)
def test_what_a_file_means_is_the_same_without_its_comments(tmp_path, name, one, same, other):
    memory = Remembered(tmp_path / FILE)
    folders = [tmp_path / str(number) for number in range(3)]
    for folder in folders:
        folder.mkdir()

    meanings = [
        memory.meaning(write(folder / name, text))
        for folder, text in zip(folders, (one, same, other), strict=True)
    ]

    assert meanings[0] == meanings[1] != meanings[2]


def test_some_keys_of_a_file_mean_the_same_whatever_the_others_say(tmp_path):
    memory = Remembered(tmp_path / FILE)
    file = write(tmp_path / "a.yaml", "names: [a]\nprices: 1\n")
    before = memory.meaning_of_keys(file, ["names", "absent"])

    write(file, "names: [a]\nprices: 22\n")
    same = memory.meaning_of_keys(file, ["names", "absent"])
    write(file, "names: [a, b]\nprices: 22\n")

    assert before == same != memory.meaning_of_keys(file, ["names", "absent"])


def test_a_memory_is_its_owners_alone_and_a_broken_one_is_begun_anew(tmp_path):
    memory = Remembered(tmp_path / FILE)
    memory.keep_fact("name", "content")
    memory.save()

    mode = stat.S_IMODE((tmp_path / FILE).stat().st_mode)
    known = Remembered(tmp_path / FILE).fact("name")
    (tmp_path / FILE).write_text("{")

    assert (mode, known, Remembered(tmp_path / FILE).fact("name")) == (0o600, "content", None)


def test_clean_is_what_was_searched_for_the_same_ids_alone(tmp_path):
    memory = Remembered(tmp_path / FILE)
    memory.keep_clean({"content"}, "these ids")
    memory.save()

    again = Remembered(tmp_path / FILE)

    assert again.is_clean("content", "these ids")
    assert not again.is_clean("content", "other ids")
    assert not again.is_clean("other content", "these ids")
    assert not again.is_clean(None, "these ids")
