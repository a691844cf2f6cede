"""How a Salesforce org is read: page by page, whole objects at once, and records that live on elsewhere."""
