"""What Coldframe sets up in Salesforce: fields, permission sets, and signing in."""
