"""One side of a session: its streams, their states, credit, silence, and its end."""
