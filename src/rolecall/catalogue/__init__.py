"""What is known of the world: providers, models and prices, each fact with a source and a date.

`providers.toml` and `models.toml` are curated by hand; `prices.json` is distilled from genai-prices
by `distil`. All are read once, at start, and become part of the `Snapshot`.
"""
