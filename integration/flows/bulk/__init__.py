"""Bulk: what is done for everybody at once, in equal parts that any worker may take."""
