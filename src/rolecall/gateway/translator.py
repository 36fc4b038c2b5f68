"""A request in other dialects: written once for each deployment of its cascade that needs it."""

from __future__ import annotations

import time

from rolecall.routing.candidates import find
from rolecall.types import Candidate, Carried, Dialect, Request, Snapshot
from rolecall.wire.translate.conversation import Goal
from rolecall.wire.translate.interpreter import Interpreter
from rolecall.wire.translate.losses import Refused
from rolecall.wire.translate.names import Names
from rolecall.wire.translate.table import Client, Understood, Written, understood, written


class Translator:
    """For one request, which is read when the first of them needs it."""

    def __init__(self) -> None:
        self._understood: Understood | None = None
        self._written: dict[str, Written] = {}

    def carry(
        self, request: Request, body: bytes, candidate: Candidate, snapshot: Snapshot
    ) -> Carried:
        """Write it for this candidate; what that loses, or why it cannot be."""
        assert candidate.dialect is not None  # noqa: S101 (only those are translated)
        try:
            heard = self.understood(request, body)
            found = written(heard, candidate.dialect, _goal(candidate, snapshot))
        except Refused as refusal:
            return Carried(refused=str(refusal))
        self._written[candidate.deployment] = found
        return Carried(losses=found.losses)

    def understood(self, request: Request, body: bytes) -> Understood:
        """The request in no dialect. Raises `Refused`."""
        if self._understood is None:
            self._understood = understood(request.dialect, body, stream=request.stream)
        return self._understood

    def body(self, deployment: str) -> bytes:
        """The request as it goes to a deployment for which it was carried."""
        return self._written[deployment].body

    def interpreter(self, request: Request, deployment: str, spoken: Dialect) -> Interpreter:
        """Who tells the deployment's answer to the client."""
        assert self._understood is not None  # noqa: S101 (it was carried)
        conversation = self._understood.conversation
        client = Client(
            model=deployment.partition("/")[2],
            counted=conversation.counted,
            created=int(time.time()),
        )
        names = Names(conversation.tools)
        return Interpreter(spoken, request.dialect, maker=deployment, names=names, client=client)


def _goal(candidate: Candidate, snapshot: Snapshot) -> Goal:
    deployment = find(candidate.deployment, snapshot)
    return Goal(
        model=deployment.model,
        maker=candidate.deployment,
        max_output=deployment.max_output,
        efforts=deployment.efforts,
        thinking=deployment.thinking,
        short_ids=snapshot.providers[deployment.provider].short_ids,
    )
