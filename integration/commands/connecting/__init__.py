"""Commands that sign in to a CRM: on this machine or through the service's own address, and who is signed in."""
