"""What several commands share: the installation they work on, files named on the command line, and plain values."""
