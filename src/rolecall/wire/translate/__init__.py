"""From one dialect to another: a conversation in between, and the events of an answer.

Each dialect has four mappings, in two files: `*_request.py` reads and writes a request,
`*_answer.py` reads and writes an answer, whole or streamed. None knows another dialect.
"""
