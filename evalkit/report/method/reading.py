"""How numbers, ranges and grades on the pages are to be read, and what none of them says."""

from evalkit.report.parts.document import Block, Brief, Section


def how_to_read(brief: Brief) -> Section:
    """What a range and a source grade say, and why numbers are missing."""
    words, min_count = brief.words, brief.run.params.min_count
    text = (
        words.html("sure.grades"),
        words.html("mark.withheld_note", min_count=min_count),
        words.html("mark.not_estimable_note"),
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
    points.append(words.html("limits.withheld", min_count=brief.run.params.min_count))
    return Section(
        "unknown",
        words.text("limits.heading"),
        (words.html("limits.lead"),),
        (Block(text=(words.html("limits.also"),), points=tuple(points)),),
    )
