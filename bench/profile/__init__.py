"""Where the processor time of a server goes, by part: Linux' perf, and what a stack counts as."""
