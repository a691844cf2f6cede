"""`coldframe replay`: a playbook run on a file of history."""
