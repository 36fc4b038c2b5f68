"""What runs tests: one file for each sort, and one table of them."""
