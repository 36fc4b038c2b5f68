"""Run inside a sandbox: start a program whose one address is answered by the socket outside.

Listens on a loopback port and passes bytes on to a Unix socket, starts the program, and ends with
its exit code. Nothing of rolecall is imported: this file is run by its path, by any Python.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import subprocess
import sys
import threading

BLOCK = 65_536


def main() -> int:
    """Listen, run the program, and say how it ended."""
    given = _options()
    listening = socket.create_server(("127.0.0.1", given.port), backlog=128)
    threading.Thread(target=_listen, args=(listening, given.socket), daemon=True).start()
    done = subprocess.run(given.command, stdin=subprocess.DEVNULL, check=False)  # noqa: S603
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser()
    options.add_argument("--socket", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("command", nargs="+")
    return options.parse_args()


def _listen(listening: socket.socket, place: str) -> None:
    while True:
        near, _ = listening.accept()
        far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        far.connect(place)
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=_pass, args=(source, sink), daemon=True).start()


def _pass(source: socket.socket, sink: socket.socket) -> None:
    """Bytes in one direction. An end on one side is an end on the other."""
    with contextlib.suppress(OSError):
        while block := source.recv(BLOCK):
            sink.sendall(block)
    for one, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with contextlib.suppress(OSError):
            one.shutdown(how)


if __name__ == "__main__":
    sys.exit(main())
