"""From `rolecall.toml`, the environment and what is found on this machine to a `Snapshot`.

`settings` is the file's schema, `load` reads it, `propose` writes one where there is none, and
`build` makes the world of it. The environment is read here and nowhere else.
"""
