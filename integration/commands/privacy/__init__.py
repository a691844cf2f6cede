"""Commands about one person: erase and export."""
