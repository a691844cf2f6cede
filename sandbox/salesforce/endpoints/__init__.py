"""The endpoints of Salesforce's API, one module a kind, and the gate that every call passes."""
