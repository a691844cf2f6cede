"""What both vendors' sandboxes work with: calls and answers, time, chance, faults on request, tokens and a log."""
