"""Who is who: people by references and addresses, leads that are one person, and what accounts do."""
