"""Files of a tree that somebody else wrote: read if plain, removed without following links."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path


def text_of(path: Path, most: int) -> str:
    """What the file holds in its first `most` bytes; nothing where it is a link, pipe or folder."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            return ""
        found = bytearray()
        while len(found) < most and (block := os.read(opened, min(1 << 20, most - len(found)))):
            found += block
        return found.decode("utf-8", "replace")
    finally:
        os.close(opened)


def remove(path: Path) -> None:
    """Remove what is there, a folder with all it holds; of a link the link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
