"""What decision-makers read of value: the number, its range, its source and grade, then the picture."""

import re

from evalkit.report import write_district_page


def test_the_number_its_range_source_and_grade_stand_before_the_picture(run, tables, figures, words):
    value = tables["value_summary"]

    html = write_district_page(run, "Norr", tables, figures, words).read_text(encoding="utf-8")

    section = re.search(r'<section[^>]*"value"[^>]*>.*?</section>', html, flags=re.DOTALL)[0]
    numbers = [match.start() for match in re.finditer(r'data-table="value_summary"', section)]
    note = section.index(words.text("mark.table_note", source=value.source, grade=value.grade))
    # The number and the two ends of its range.
    assert len([at for at in numbers if at < note]) >= 3
    assert note < section.index("<svg")
