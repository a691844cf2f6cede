"""What a playbook says, as values: scoring, automation, conditions and the calendar."""
