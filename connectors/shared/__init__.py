"""What all connectors share: batches, sorting, shadow, sign-in, provisioning and deadlines."""
