"""One file for each page: what is on it, as values that a template shows and a file holds."""
