"""CRMs behind one port: read records, write fields and tasks, and report what became of each write."""
