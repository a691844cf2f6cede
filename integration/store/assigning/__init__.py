"""What is kept of assignments: who has which task, each person's credit in a pool, and who is away."""
