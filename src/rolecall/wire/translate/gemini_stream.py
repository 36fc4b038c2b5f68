"""Answers of generateContent, written whole and as a stream.

Source: PyPI google-genai 3.4.0, types.py, read 2026-11-24.
"""

from __future__ import annotations

from rolecall.types import Usage
from rolecall.wire.faults import gemini_error
from rolecall.wire.translate.answer import (
    Closed,
    Counted,
    Ended,
    Event,
    Failed,
    Grown,
    Opened,
    Piece,
    Ping,
    Reply,
    Sealed,
    Started,
    Stop,
    Stopped,
)
from rolecall.wire.translate.conversation import Thought
from rolecall.wire.translate.reading import unnamed
from rolecall.wire.translate.seals import sign
from rolecall.wire.translate.shapes import Json, arguments_of

_REASONS: dict[Stop, str] = {
    "end": "STOP",
    "length": "MAX_TOKENS",
    "calls": "STOP",
    "sequence": "STOP",
    "refusal": "SAFETY",
    "context": "MAX_TOKENS",
    "pause": "STOP",
}


class Writer:
    """The answer for a client of this dialect. Calls come whole, as it has no pieces of them.

    What only another dialect's model can read of its thoughts goes with the first call, as the
    signature that clients hand back.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._id = ""
        self._usage: Usage | None = None
        self._stop: Stop = "end"
        self._pieces: dict[int, Piece] = {}
        self._thoughts: list[Thought] = []

    def event(self, event: Event) -> bytes:  # noqa: C901, PLR0911 (one answer for each kind)
        match event:
            case Started(id=name, model=model):
                self._id, self._model = name, model or self._model
                return b""
            case Opened(part=part):
                self._pieces[part] = Piece(opened=event, texts=[])
                return b""
            case Grown(part=part, text=text):
                return self._grown(self._pieces[part], text)
            case Sealed(part=part, seal=seal):
                self._pieces[part].seal = seal
                return b""
            case Closed(part=part):
                return self._closed(self._pieces.pop(part))
            case Counted(usage=usage):
                self._usage = usage
                return b""
            case Stopped(reason=reason):
                self._stop = reason
                return b""
            case Failed(says=says):
                return unnamed(gemini_error(500, says))
            case Ended():
                return unnamed(self._answer([{"text": ""}], last=True))
            case Ping():
                return b""

    def _grown(self, piece: Piece, text: str) -> bytes:
        piece.texts.append(text)
        match piece.opened.kind:
            case "text" | "refusal":
                return unnamed(self._answer([{"text": text}]))
            case "thought":
                return unnamed(self._answer([{"text": text, "thought": True}]))
            case "call":
                return b""

    def _closed(self, piece: Piece) -> bytes:
        if piece.opened.kind == "call":
            return unnamed(self._answer([self._call(piece)]))
        self._keep(piece)
        return b""

    def _keep(self, piece: Piece) -> None:
        if piece.seal is not None:
            self._thoughts.append(Thought(text=piece.text, seal=piece.seal))

    def _call(self, piece: Piece) -> Json:
        opened = piece.opened
        call = {"id": opened.id, "name": opened.name, "args": arguments_of(piece.text)}
        kept, self._thoughts = self._thoughts, []
        return {"functionCall": call, **({"thoughtSignature": sign(kept)} if kept else {})}

    def _answer(self, parts: list[Json], *, last: bool = False) -> Json:
        candidate: Json = {"content": {"role": "model", "parts": parts}, "index": 0}
        answer: Json = {"candidates": [candidate], "modelVersion": self._model}
        if self._id:
            answer["responseId"] = self._id
        if last:
            candidate["finishReason"] = _REASONS[self._stop]
            if self._usage is not None:
                answer["usageMetadata"] = _usage(self._usage)
        return answer

    def whole(self, reply: Reply) -> Json:
        """The whole answer as one document."""
        self.event(Started(id=reply.id, model=reply.model))
        self._stop, self._usage = reply.stop, reply.usage
        parts: list[Json] = []
        for piece in reply.pieces.values():
            match piece.opened.kind:
                case "call":
                    parts.append(self._call(piece))
                case "thought":
                    self._keep(piece)
                    parts.extend([{"text": piece.text, "thought": True}] if piece.text else [])
                case "text" | "refusal":
                    parts.append({"text": piece.text})
        return self._answer(parts, last=True)


def _usage(usage: Usage) -> Json:
    """Here thoughts are not among the candidates."""
    return {
        "promptTokenCount": usage.input_tokens,
        "cachedContentTokenCount": usage.cache_read_input_tokens,
        "candidatesTokenCount": max(usage.output_tokens - usage.reasoning_tokens, 0),
        "thoughtsTokenCount": usage.reasoning_tokens,
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
