"""The vocabulary of one installation: canonical words, a company's own, and what addresses, forms and events mean."""
