"""What counts when several systems say different things of one field or one activity. Pure."""
