"""Fields that HubSpot lets nobody set as it does others: opt-outs and the lifecycle stage."""
