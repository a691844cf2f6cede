"""The values of the engine: state, events, effects, ledger and keys."""
