"""What all connectors share: batches, sorting, shadow mode, sign-in, provisioning and deadlines."""
