"""People in sales in the console: pools and whose turn it is, who is away, who would get a task and why."""
