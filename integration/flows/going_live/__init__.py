"""Going live: from shadow mode to writing and back, by a person's word, and what is handed to sales at that moment."""
