"""How numbers, ranges and grades on the pages are to be read, and what none of them says."""

from evalkit.disclosure.rounding import MIN_WHOLE
from evalkit.report.parts.document import Block, Brief, Section


def how_to_read(brief: Brief) -> Section:
    """What a range and a source grade say, how numbers are rounded, and why some are missing."""
    words = brief.words
    least = {"min_persons": brief.run.params.disclosure.min_persons, "min_whole": MIN_WHOLE}
    text = (
        words.html("sure.grades"),
        words.html("reading.rounded"),
        words.html("reading.shares", min_whole=MIN_WHOLE),
        words.html("reading.estimates"),
        words.html("mark.withheld_note", **least),
        words.html("mark.not_estimable_note"),
        words.html("reading.public"),
    )
    return Section(
        "reading",
        words.text("method.reading_heading"),
        (words.html("sure.ranges"),),
        (Block(text=text),),
    )


def what_we_do_not_know(brief: Brief) -> Section:
    """What nobody measured, and what no page of the site can say."""
    words = brief.words
    points = [words.html(f"limits.{key}") for key in ("hidden", "others")]
    least = {"min_persons": brief.run.params.disclosure.min_persons, "min_whole": MIN_WHOLE}
    points.append(words.html("limits.withheld", **least))
    return Section(
        "unknown",
        words.text("limits.heading"),
        (words.html("limits.lead"),),
        (Block(text=(words.html("limits.also"),), points=tuple(points)),),
    )
