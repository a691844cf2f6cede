"""Looking: answers to people's questions that change nothing: explain, preview, shadow, unrecognised words."""
