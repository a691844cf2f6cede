"""The leads of the console: the list, and one lead with everything that is known of it."""
