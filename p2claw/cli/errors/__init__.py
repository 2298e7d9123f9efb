"""One page for each error: what its code means, and what to do."""
