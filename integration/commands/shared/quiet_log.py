"""For commands whose output says all there is to say: the log of what they call would only stand in between."""

import logging

import structlog


def quiet() -> None:
    """Log nothing but what ends the program."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
