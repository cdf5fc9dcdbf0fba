"""From spells to small tables of who was at risk and who left, when and how."""
