"""The web process around the application: how requests arrive, how many at once, and who restarts it when it hangs."""
