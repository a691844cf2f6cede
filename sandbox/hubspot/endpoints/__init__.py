"""The endpoints of HubSpot's API, one module a kind, and the gate that every call passes."""
