"""Records are read from their file once, and again when it changes."""

from evalkit.records import Record, load


class Place(Record):
    name: str


def test_a_record_is_read_again_when_its_file_changes(tmp_path):
    path = tmp_path / "place.yaml"
    path.write_text("name: Norr", encoding="utf-8")
    first = load(path, Place)

    again = load(path, Place)
    path.write_text("name: Söder", encoding="utf-8")

    assert again is first
    assert load(path, Place).name == "Söder"
