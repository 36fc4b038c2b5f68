"""What is run in a tree by the interpreters of a repository; rolecall never imports it."""
