"""One file for each client, and the table of them."""
