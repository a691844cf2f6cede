"""The canonical lead model, and how CRM records are translated into it and back."""
