"""The server: three hot endpoints as a bare ASGI app, everything else in Starlette."""
