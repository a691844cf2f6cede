"""What concerns every table: merging two leads, erasing a person, counting."""
