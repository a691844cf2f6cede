"""`coldframe routing`: who gets the tasks, who is away, and why somebody would get the next one."""
