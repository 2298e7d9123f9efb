"""HTTP/1.1 to the server behind an app, on this machine."""
