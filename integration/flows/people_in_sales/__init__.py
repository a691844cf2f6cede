"""People in sales: who gets a task, and who is alerted."""
