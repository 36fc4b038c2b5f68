"""What is said to people: figures, names, decisions in words."""
