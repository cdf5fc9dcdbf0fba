"""Intake: an extract is read, searched for personal numbers, held against its contracts and
admitted, whole or not at all. Gate 1 stands here, and bad rows are set aside, never dropped.

The door hands on what a check or a run needs, so that it opens quickly. What is done once for a
delivery is imported from its module: pseudonyms, proposed mappings, letters.
"""

from evalkit.intake.admission.admit import Admission, admit, intake_counts
from evalkit.intake.admission.deliveries import deliveries
from evalkit.intake.admission.reason_codes import reason_codes
from evalkit.intake.admission.run import admit_bare, admit_run, contracts_of_run
from evalkit.intake.contracts.contract import Contract, load_contracts
from evalkit.intake.contracts.documentation import write_documentation
from evalkit.intake.contracts.templates import write_templates
from evalkit.intake.reading.record_layout import load_layouts
from evalkit.intake.reading.record_writer import with_measures, write_monthly_record

__all__ = [
    "Admission",
    "Contract",
    "admit",
    "admit_bare",
    "admit_run",
    "contracts_of_run",
    "deliveries",
    "intake_counts",
    "load_contracts",
    "load_layouts",
    "reason_codes",
    "with_measures",
    "write_documentation",
    "write_monthly_record",
    "write_templates",
]
