"""Pictures are named, scaled, told apart, and refused if they could run or fetch anything."""

import pytest

from evalkit.errors import DisclosureError
from evalkit.report.parts.figures import place_svg


def test_place_svg_names_the_picture_and_leaves_its_width_to_the_page():
    svg = place_svg(
        '<?xml version="1.0"?><svg width="400" height="200"><g/></svg>',
        name="states",
        label="A & B",
    )

    assert (
        svg == '<svg role="img" focusable="false" aria-label="A &amp; B" viewBox="0 0 400 '
        '200"><g/></svg>'
    )


def test_place_svg_keeps_the_pictures_own_name():
    svg = place_svg(
        '<svg viewBox="0 0 1 1" aria-label="Own name" role="graphics-document"><g/></svg>',
        name="states",
        label="other",
    )

    assert (
        svg
        == '<svg role="img" focusable="false" aria-label="Own name" viewBox="0 0 1 1"><g/></svg>'
    )


def test_place_svg_makes_ids_unique_to_the_picture():
    svg = place_svg(
        '<svg><clipPath id="a"/><g clip-path="url(#a)"/><use href="#a"/></svg>',
        name="states",
        label="x",
    )

    assert 'id="states-a"' in svg
    assert "url(#states-a)" in svg
    assert 'href="#states-a"' in svg


@pytest.mark.parametrize(
    "body",
    [
        "<script>1</script>",
        '<g onclick="go()"/>',
        '<image href="https://example.org/a.png"/>',
        '<a href="https://example.org">x</a>',
        '<g style="fill:url(https://example.org)"/>',
        "<foreignObject/>",
    ],
)
def test_place_svg_refuses_what_could_run_or_fetch(body):
    with pytest.raises(DisclosureError) as caught:
        place_svg(f"<svg>{body}</svg>", name="states", label="x")

    assert str(caught.value).splitlines() == [
        "The picture states cannot stand in a page.",
        '  where: figure "states"',
        "  why:   A page is self-contained: a picture is plain SVG without scripts, events, images "
        "or addresses outside itself.",
        "  fix:   draw it with the charts' own functions.",
    ]
