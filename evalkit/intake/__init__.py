"""Intake: the door through which an extract enters. Gate 1 stands here, and bad rows are set aside, never dropped."""

from evalkit.intake.admit import Admission, admit, intake_counts
from evalkit.intake.contract import Contract, load_contracts
from evalkit.intake.mapping import Covariate, Mapping, load_mapping
from evalkit.intake.run import admit_run

__all__ = ["Admission", "Contract", "Covariate", "Mapping", "admit", "admit_run", "intake_counts", "load_contracts", "load_mapping"]
