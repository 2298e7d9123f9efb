"""The store in PostgreSQL, which all nodes of a coordinator share."""
