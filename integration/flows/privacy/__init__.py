"""Privacy: erasing people, and handing over what is stored about them."""
