"""What sales gets: packet, plays, service levels and the words of tasks."""
