"""Answering visitors in several processes: one for each core, under one agent."""
