"""From one dialect to another: a conversation in between, and the events of an answer.

Each dialect has up to four mappings: `*_request.py` reads a request and `*_stream.py` writes its
answer, whole or streamed, for a client; `*_body.py` writes a request and `*_answer.py` reads its
answer, for a provider. None knows another dialect; `table.py` knows them all.
"""
