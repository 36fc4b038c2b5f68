"""The server: hot endpoints as a bare ASGI app, everything else in Starlette."""
