"""Publishing: what a changed playbook or vocabulary would do to today's leads, and putting it in force."""
