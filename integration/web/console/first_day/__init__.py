"""The first day: the path from a CRM that is connected to tasks that are written, each step with what it found."""
