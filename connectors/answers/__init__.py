"""What came back from a CRM or from what stands before it, and what a refusal is about, all of it pure."""
