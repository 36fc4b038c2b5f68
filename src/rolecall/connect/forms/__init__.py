"""One file for each form of settings: `put` writes them into a text, `take` takes them out again.

`take` puts the values of the text before in their place. Both raise `Broken`; the table is in
`edits.py`.
"""
