"""By what people are told apart in reports: sex, age at the first month and obstacle to
self-support when first seen; and in which order their groups stand.
"""

CHARACTERISTICS = ("sex", "age", "obstacle")
# Who gets what is told by these too, and adjusted for all of them.
CASE_MIX = ("sex", "age", "origin", "education", "obstacle")
NOT_KNOWN = "not_known"  # the group of those of whom a characteristic is not delivered


def group_order(group: str) -> tuple[bool, bool, str]:
    """Where a group stands among the others: the youngest band of ages ("–24") first, those whose
    group is not known last.
    """
    return group == NOT_KNOWN, not group.startswith("–"), group
