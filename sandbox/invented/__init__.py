"""Invented people and companies, and the words they are made of."""
