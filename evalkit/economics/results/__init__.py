"""What the ledger says to those who decide: sums, ratios, payback, who pays, how sure."""
