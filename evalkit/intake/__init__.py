"""Intake: an extract is read, searched for personal numbers, held against its contracts and
admitted, whole or not at all. Gate 1 stands here, and bad rows are set aside, never dropped.
"""

from evalkit.intake.admission.admit import Admission, admit, intake_counts
from evalkit.intake.admission.propose import propose_mapping
from evalkit.intake.admission.pseudonym_key import read_key
from evalkit.intake.admission.pseudonym_receipt import write_pseudonym_receipt
from evalkit.intake.admission.pseudonymise import pseudonymise
from evalkit.intake.admission.run import admit_run, contracts_of_run
from evalkit.intake.contracts.contract import Contract, load_contracts
from evalkit.intake.contracts.documentation import write_documentation
from evalkit.intake.contracts.templates import write_templates
from evalkit.intake.reading.monthly_record import write_monthly_record

__all__ = [
    "Admission",
    "Contract",
    "admit",
    "admit_run",
    "contracts_of_run",
    "intake_counts",
    "load_contracts",
    "propose_mapping",
    "pseudonymise",
    "read_key",
    "write_documentation",
    "write_monthly_record",
    "write_pseudonym_receipt",
    "write_templates",
]
