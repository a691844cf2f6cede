"""How flows call CRMs: what is asked once an hour, who waits, and what becomes of what is refused."""
