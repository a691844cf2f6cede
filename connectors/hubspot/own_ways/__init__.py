"""What HubSpot does in a way of its own: opt-outs, the lifecycle stage, and the HTML of tasks."""
