"""The agent as a whole: its parts put together, its life, its state, and what its owner changes."""
