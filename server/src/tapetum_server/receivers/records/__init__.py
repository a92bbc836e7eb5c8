"""Our own records, as people and programs send them: changes, evaluations, predictions and labels."""
