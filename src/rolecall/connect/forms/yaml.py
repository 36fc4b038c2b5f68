"""YAML, by ruamel: comments, quotes and order stay.

The library is loaded where a file is edited, and not before: some 25 ms.
"""

from __future__ import annotations

import io
from typing import Any

from rolecall.connect.client import Broken, Setting
from rolecall.connect.forms import tree


def put(text: str, settings: tuple[Setting, ...]) -> str:
    document = _Document(text, settings)
    for setting in settings:
        tree.put(document.root, setting, lambda value: value)
    return document.text


def take(text: str, before: str, settings: tuple[Setting, ...]) -> str:
    now, then = _Document(text, settings), _Document(before, settings)
    for setting in settings:
        tree.take(now.root, then.root, setting)
    return now.text


class _Document:
    """A text as ruamel has it. Where it is a list, that stands under `""`."""

    def __init__(self, text: str, settings: tuple[Setting, ...]) -> None:
        from ruamel.yaml import YAML  # noqa: PLC0415 (loaded where it is needed)
        from ruamel.yaml.error import YAMLError  # noqa: PLC0415
        from ruamel.yaml.util import load_yaml_guess_indent  # noqa: PLC0415

        self._whole = settings[0].path == ("",)
        self._before = text
        self._yaml = YAML()
        self._yaml.preserve_quotes = True
        self._yaml.width = 4096
        try:
            _, indent, offset = load_yaml_guess_indent(text)
            self._yaml.indent(mapping=2, sequence=indent or 2, offset=offset or 0)
            found = self._yaml.load(text)
        except YAMLError as problem:
            raise Broken(" ".join(str(problem).split())) from problem
        kind = list if self._whole else dict
        if found is not None and not isinstance(found, kind):
            raise Broken(f"line 1 is no {'list' if self._whole else 'mapping'}")
        self.root: Any = {"": found or []} if self._whole else (found if found is not None else {})

    @property
    def text(self) -> str:
        root = self.root.get("") if self._whole else self.root
        if not root:
            return ""
        out = io.StringIO()
        self._yaml.dump(root, out)
        return out.getvalue()
