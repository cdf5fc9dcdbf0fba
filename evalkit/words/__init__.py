"""Every word that a reader meets, and how each language writes its numbers.

One file per language holds the texts, one record per language how numbers are written; the words of
a run lay its own names and wording over them.
"""

from evalkit.words.files import divided, languages
from evalkit.words.language import Words, capitalise, with_soft_hyphens, words
from evalkit.words.numbers import money_digits
from evalkit.words.protocol_card import protocol_card
from evalkit.words.run_words import (
    inside_sentence,
    refuse_missing_texts,
    refuse_missing_words,
    words_of_run,
)

__all__ = [
    "Words",
    "capitalise",
    "divided",
    "inside_sentence",
    "languages",
    "money_digits",
    "protocol_card",
    "refuse_missing_texts",
    "refuse_missing_words",
    "with_soft_hyphens",
    "words",
    "words_of_run",
]
