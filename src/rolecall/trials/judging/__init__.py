"""Tasks and their judges: laid out in a tree, run by the repository's own tests."""
