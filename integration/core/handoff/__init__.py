"""What sales gets: the packet, plays, service levels and the text of tasks."""
