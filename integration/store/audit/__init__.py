"""The audit trail, sealed secrets, and finding a person's address anywhere in the store."""
