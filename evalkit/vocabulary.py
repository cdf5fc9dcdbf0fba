"""Words that every room uses: how sure a value is, the languages of a report, and a text in them.

A grade says how sure a value is: H read at the responsible authority or in an official table, M second-hand or derived, L general knowledge
or illustrative. It travels with the value into the report.
"""

from typing import Literal

Grade = Literal["H", "M", "L"]
Language = Literal["sv", "en"]
Text = dict[Language, str]
