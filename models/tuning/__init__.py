"""The search for training arguments: measured by cross-validation, kept in a study; the only home of optuna."""
