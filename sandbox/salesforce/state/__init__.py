"""What a Salesforce org holds: objects and fields, rows, ids, permission sets and the words of its tasks."""
