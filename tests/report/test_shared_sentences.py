"""What holds for every intervention of a section is said once, before the first; the rest stays
under its intervention.
"""

from markupsafe import Markup

from evalkit.report.parts.document import Block, Section, shared_sentences_first


def _section(*blocks: Block) -> Section:
    return Section(name="sure", heading="How sure are we?", leads=(), blocks=blocks)


def _block(heading: str, *sentences: str) -> Block:
    return Block(heading=heading, text=tuple(Markup(sentence) for sentence in sentences))


def test_a_sentence_of_every_intervention_stands_once_before_the_first():
    general, coaching, training = (
        Block(),
        _block("Coaching", "Same.", "12 began."),
        _block("Training", "7 began.", "Same."),
    )

    blocks = shared_sentences_first(_section(general, coaching, training)).blocks

    assert [block.heading for block in blocks] == ["", "", "Coaching", "Training"]
    assert [[str(sentence) for sentence in block.text] for block in blocks] == [
        [],
        ["Same."],
        ["12 began."],
        ["7 began."],
    ]


def test_the_same_number_from_two_tables_is_the_same_sentence():
    blocks = shared_sentences_first(
        _section(
            *(_block(name, f'From <span data-row="{name}">50</span> draws.') for name in ("a", "b"))
        )
    ).blocks

    assert [len(block.text) for block in blocks] == [1, 0, 0]


def test_nothing_moves_where_sentences_differ_or_one_intervention_stands_alone():
    for section in (
        _section(_block("a", "One."), _block("b", "Two.")),
        _section(Block(), _block("a", "One.")),
    ):
        assert shared_sentences_first(section) is section
