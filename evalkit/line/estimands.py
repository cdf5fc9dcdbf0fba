"""The questions that an effect answers: what starting an intervention is compared with, and what
each question is called in tables. The one place where this is declared.
"""

from typing import Literal, get_args

# wait: those who could start in the same month and did not, whatever they do later. never: the same
# people, followed only until they start. other: those who start another intervention.
# A protocol's first comparison is its primary one, on which money is put.
Comparison = Literal["wait", "never", "other"]
ESTIMANDS: dict[Comparison, str] = {
    comparison: f"start_now_rather_than_{comparison}" for comparison in get_args(Comparison)
}
