"""The home of a box: its key, its routes, its names, and the files in which they are kept."""
