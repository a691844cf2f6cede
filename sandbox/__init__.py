"""A Salesforce and a HubSpot in memory, over real HTTP, for the demo and the tests."""
