"""The one place that builds adapters from settings: store, connections, clock, log and wake-ups."""
