"""Who in sales gets a task, and who is alerted."""
