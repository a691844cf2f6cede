"""Commands that try the whole product on this machine: demo, sandbox, benches, chaos and drill."""
