"""`coldframe lead`: what a person decides about one lead."""
