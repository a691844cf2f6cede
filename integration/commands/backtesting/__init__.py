"""`coldframe backtest`: playbooks tried on the past."""
