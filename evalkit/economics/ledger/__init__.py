"""The double-entry ledger: who pays whom, month by month, for what an effect changes."""
