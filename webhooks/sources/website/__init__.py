"""The website as a source: what browsers send with a public key, within bounds, and the script that sends it."""
