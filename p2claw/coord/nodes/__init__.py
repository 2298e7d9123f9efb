"""One coordinator on several nodes: boxes made known to the others, and visits between nodes."""
