"""The port that every CRM implements, its limits, and who owns records there."""
