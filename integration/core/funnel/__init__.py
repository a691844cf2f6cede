"""The way of a lead to sales and back: stages, gate, triggers, answers of sales and suppression."""
