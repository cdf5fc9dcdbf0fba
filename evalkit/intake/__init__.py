"""Intake: the door through which an extract enters. Gate 1 stands here, and bad rows are set aside,
never dropped.
"""

from importlib import import_module
from typing import Any

from evalkit.intake.admission.admit import Admission, admit, intake_counts
from evalkit.intake.admission.propose import propose_mapping
from evalkit.intake.admission.pseudonymise import Pseudonymised, pseudonymise, read_key
from evalkit.intake.admission.run import admit_run, contracts_of_run
from evalkit.intake.contracts.contract import Contract, load_contracts
from evalkit.intake.contracts.documentation import write_documentation
from evalkit.intake.contracts.mapping import Covariate, Mapping, load_mapping
from evalkit.intake.contracts.templates import write_templates
from evalkit.intake.reading.monthly_record import write_monthly_record

# Few extracts need a crosswalk, and what reads one takes a fifth of a second to import.
_OF_CROSSWALKS = ("Crosswalk", "load_crosswalk")

__all__ = [
    "Admission",
    "Contract",
    "Covariate",
    "Crosswalk",
    "Mapping",
    "Pseudonymised",
    "admit",
    "admit_run",
    "contracts_of_run",
    "intake_counts",
    "load_contracts",
    "load_crosswalk",
    "load_mapping",
    "propose_mapping",
    "pseudonymise",
    "read_key",
    "write_documentation",
    "write_monthly_record",
    "write_templates",
]


def __getattr__(name: str) -> Any:
    if name not in _OF_CROSSWALKS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.checking.crosswalk"), name)
