"""Write the configuration of coding clients so that they ask rolecall, and take it back.

`client.py` has the nouns, `edits.py` changes files by key, `bonds.py` makes and undoes. Each client
is one file in `clients/`, and one entry in its table.
"""
