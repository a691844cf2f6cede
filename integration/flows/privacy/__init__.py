"""Erasing people and handing over what is held about them."""
