"""Which result answers which call, in dialects that may leave ids of calls out."""

from __future__ import annotations

from rolecall.wire.translate.losses import Refused


class Calls:
    """Calls in the order they were made. The same history gives the same ids."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []
        self._made = 0

    def called(self, name: str, given: str | None) -> str:
        """The id of a call, made up where none is given."""
        self._made += 1
        call_id = given or f"call_{self._made}"
        self._open.append((call_id, name))
        return call_id

    def answered(self, name: str | None, given: str | None, place: str) -> str:
        """The id of the call that a result belongs to. Raises `Refused`."""
        by_id = (one for one in self._open if one[0] == given)
        by_name = (one for one in self._open if name in (None, "", one[1]))
        found = next(by_id if given else by_name, None)
        if found is None:
            raise Refused(f"{place} is a tool result that answers no call before")
        self._open.remove(found)
        return found[0]
