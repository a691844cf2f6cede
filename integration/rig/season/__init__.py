"""A season on a simulated clock: leads arrive, people in sales do as people do, and what became of it is counted."""
