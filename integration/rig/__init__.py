"""The rig: the whole product on one machine against the sandbox, for the demo, the bench and the chaos run."""
