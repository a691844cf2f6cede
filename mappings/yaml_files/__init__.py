"""YAML that remembers where everything stood, and mistakes as values with their places."""
