"""What all rooms of the console share: their parts, who may see a page, headers, times."""
