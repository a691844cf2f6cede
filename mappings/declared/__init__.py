"""How a CRM or a source declares itself: its environment variables, and the installed packages that bring more."""
