"""The admin's console: who is signed in, and links that let somebody in once."""
