"""How a lead moves to sales and back: stages, gate, triggers, answers of sales and suppression."""
