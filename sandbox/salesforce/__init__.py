"""A Salesforce org in memory: sObjects, collections, SOQL, describe."""
