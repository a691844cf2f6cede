"""The admin's console: pages for whoever owns Coldframe in a company, one folder a room, on the web process."""
