"""Examples of the room words."""

# %% setup
from evalkit import effects
from evalkit.batch.vintage import prepare_run
from evalkit.errors import EvalkitError
from evalkit.shipped import shipped
from evalkit.words import (
    capitalise,
    divided,
    inside_sentence,
    languages,
    money_digits,
    protocol_card,
    refuse_missing_texts,
    refuse_missing_words,
    with_soft_hyphens,
    words,
    words_of_run,
)

run = prepare_run(shipped("params", "northern_ireland.yaml"), out="runs")

# %% languages
languages()

# %% words, Words
# A language's words by their keys; numbers are written as its readers write them.
english = words("en")
swedish = words("sv")
print(english.label("work"), swedish.label("work"))
print(english.money(1234567, "SEK"), swedish.money(1234567, "SEK"))

# %% words_of_run
# With what a run calls something otherwise.
words_of_run(run, "en").label("support")

# %% protocol_card
# What a protocol declares, in words, for notebooks and pages.
protocol_card(effects.protocol_of(run), words_of_run(run, "en"))

# %% capitalise
capitalise("all districts")

# %% inside_sentence
inside_sentence("Coaching")

# %% divided
# Where a long Swedish word may be divided; here the places are shown by a hyphen.
divided("arbetsmarknadsinsatser", "-")

# %% with_soft_hyphens
len("arbetsmarknadsinsatser"), len(with_soft_hyphens("arbetsmarknadsinsatser"))

# %% money_digits
# How many digits amounts are written with, so that the largest has three that tell.
money_digits(123_456.0, 2_345.0)

# %% refuse_missing_words
try:
    refuse_missing_words(run, {"my_state": "evalkit/line/states.py"})
except EvalkitError as refusal:
    print(refusal)

# %% refuse_missing_texts
# Nothing is refused: the protocol's texts are there in the run's languages.
refuse_missing_texts(run, {"training.yaml": effects.protocol_of(run)})
