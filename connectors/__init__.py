"""CRMs behind one port: read records, write fields and tasks, tell what became of each write."""
