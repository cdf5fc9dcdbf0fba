"""Letters: what each sender is asked to mend, as a workbook with the faulty cells marked."""
