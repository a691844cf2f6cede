"""What goes through every table: merging two leads, erasing a person, counting."""
