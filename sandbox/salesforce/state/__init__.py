"""The state of a Salesforce org: objects and fields, rows, ids, permission sets and the words of its tasks."""
