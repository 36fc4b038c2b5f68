"""One module per dialect: `document`, `events` and `error`, from an `Answer`."""
