"""The web process: how requests arrive, the application that answers them, and who restarts it when it hangs."""
