"""The workers of an agent: processes that serve visitors, one for each core."""
