"""Models that others made: checked against the contract of their stage, kept in MLflow, usable in a release."""
