"""Commands that measure what grows with the number of leads and activities."""
