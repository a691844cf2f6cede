"""The processes of the service: worker, scheduler, supervisor, and the local Valkey."""
