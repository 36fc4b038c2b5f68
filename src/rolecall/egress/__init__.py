"""The only door out: `door` decides who may pass, `connection` and `pool` speak HTTP/1.1."""
