"""The canonical lead model, and a mapping as a value: which CRM fields become which canonical ones."""
