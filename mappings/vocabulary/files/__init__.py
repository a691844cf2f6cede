"""From a vocabulary's file to its value or to every mistake in it, and lines to paste into one."""
