"""Why a lead stands where it stands, in words, as values for a page or a program."""
