"""What a browser's HTTP cache does, as a table: the cases, and how one is carried out in a page."""
