"""The sample app: an ordinary web server, which knows nothing of how it is published."""
