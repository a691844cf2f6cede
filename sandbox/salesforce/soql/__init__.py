"""SOQL: a query's text read, compared with rows, and answered."""
