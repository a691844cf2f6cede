"""The words of one installation: the canonical ones, a company's own, and what addresses, forms and events mean."""
