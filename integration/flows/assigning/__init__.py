"""Whose task it is: from what the CRMs and routing.yaml say, chosen in the transaction that stores it."""
