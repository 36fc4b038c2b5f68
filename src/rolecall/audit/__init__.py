"""What was already spent: read from the logs that clients leave on disk, judged, and replayed."""
