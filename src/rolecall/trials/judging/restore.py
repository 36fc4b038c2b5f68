"""Put what judges back into a tree as a commit has it, whatever was done to it there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from rolecall.trials.judging.git import Store
from rolecall.trials.judging.plainly import remove

_PASSED_BY = frozenset({".git", "node_modules", ".rolecall", ".venv", "__pycache__"})


def restore(
    store: Store, source: str, tree: Path, *, files: Sequence[str], rigging: Sequence[str]
) -> None:
    """Make `files`, which may be folders, and all files of a name in `rigging` those of `source`.

    What `source` does not have of them is removed. No link in the tree is followed: git replaces
    one that stands in the way, and so do we.
    """
    listed = store.git("ls-tree", "-r", "-z", "--name-only", "--full-tree", source)
    names = [os.fsdecode(name) for name in listed.split(b"\0") if name]
    wanted = {name for name in names if _is_of(name, files) or _base(name) in rigging}
    for extra in _present(tree, files, frozenset(rigging)):
        if extra not in wanted:
            remove(tree / extra)
    if not wanted:
        return
    other = replace(store, index="index-of-judge")
    other.git("read-tree", f"{source}^{{tree}}")
    listing = b"\0".join(os.fsencode(name) for name in sorted(wanted)) + b"\0"
    other.git("checkout-index", "--force", "-z", "--stdin", tree=tree, stdin=listing)


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _is_of(name: str, files: Sequence[str]) -> bool:
    return any(name == file or name.startswith(f"{file.rstrip('/')}/") for file in files)


def _present(tree: Path, files: Sequence[str], rigging: frozenset[str]) -> Iterator[str]:
    """What lies in the tree of these files and names. Folders that are links are files here."""
    for folder, folders, names in os.walk(tree):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = [name for name in folders if name not in _PASSED_BY and name not in links]
        for name in (*names, *links):
            path = str((Path(folder) / name).relative_to(tree))
            if name in rigging or _is_of(path, files):
                yield path
