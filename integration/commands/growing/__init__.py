"""Commands for more than one machine: into how many shards work is parted, and a trial of several hosts."""
