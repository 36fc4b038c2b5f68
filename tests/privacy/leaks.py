"""Ways a canary could get out: each as the requests of one conversation, and what would show it.

`shows` are bytes of which none may reach a provider outside; with the rules off one must, or the
case proves nothing.
"""

from __future__ import annotations

import base64
import gzip
import json
import urllib.parse
import zlib
from collections.abc import Callable
from typing import Any

from msgspec import Struct

CANARY = "Kestrel-7-Orchid"
Value = dict[str, Any]


class Sent(Struct, frozen=True, kw_only=True):
    """One request: `body` as JSON, or as bytes that are sent as they are."""

    body: Value | bytes
    path: str = "/v1/chat/completions"
    headers: dict[str, str] = {}


class Case(Struct, frozen=True, kw_only=True):
    name: str
    sent: tuple[Sent, ...]
    shows: tuple[bytes, ...]


def chat(*messages: Value, **more: Any) -> Value:
    return {"model": "rolecall/auto", "messages": list(messages), **more}


def says(text: Any, role: str = "user") -> Value:
    return {"role": role, "content": text}


def _in_chat(name: str, text: str, *shows: str) -> Case:
    """The canary in some writing, in what a person says."""
    told = tuple(show.encode() for show in shows) or (text.encode(),)
    return Case(name=name, sent=(Sent(body=chat(says(f"look at {text} please"))),), shows=told)


def _png() -> str:
    """An image of nothing with a remark in it (PNG, section 11.3.3.2)."""
    data = b"Comment\0" + CANARY.encode()
    chunk = len(data).to_bytes(4) + b"tEXt" + data + zlib.crc32(b"tEXt" + data).to_bytes(4)
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 25 + chunk).decode()


def _encoded() -> list[Case]:
    """One canary, written in ways that a plain search would miss."""
    b64 = base64.b64encode(f"the word is {CANARY}.".encode()).decode()
    twice = base64.b64encode(b64.encode()).decode()
    wide = base64.b64encode(f"the word is {CANARY}".encode("utf-16")).decode()
    packed = base64.b64encode(gzip.compress(f"the word is {CANARY}".encode())).decode()
    quoted = "".join(f"%{ord(sign):02X}" for sign in CANARY)
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in CANARY)
    hidden = "\u200b".join(CANARY)
    fullwidth = "".join(chr(ord(s) + 0xFEE0) if s.isalnum() else s for s in CANARY)
    dotted = "".join(f"&#{ord(sign)};" for sign in CANARY)
    return [
        _in_chat("plain", CANARY),
        _in_chat("another case", CANARY.upper()),
        _in_chat("base64", b64),
        _in_chat("base64 twice", twice),
        _in_chat("UTF-16 in base64", wide),
        _in_chat("gzip in base64", packed),
        _in_chat("hex", f"the word is {CANARY}".encode().hex()),
        _in_chat("URL encoding", quoted),
        _in_chat("escapes in text", escaped, json.dumps(escaped)[1:-1]),
        _in_chat("zero-width characters", hidden),
        _in_chat("full-width letters", fullwidth),
        _in_chat("HTML references", dotted),
        Case(
            name="JSON escapes",
            sent=(Sent(body=_escaped_body()),),
            shows=(b"\\u004b\\u0065",),
        ),
        Case(
            name="NUL between letters",
            sent=(Sent(body=chat(says("\0".join(CANARY)))),),
            shows=(b"K\\u0000e",),
        ),
        Case(
            name="gzip body",
            sent=(
                Sent(
                    body=gzip.compress(json.dumps(chat(says(CANARY))).encode()),
                    headers={"content-encoding": "gzip", "content-type": "application/json"},
                ),
            ),
            shows=(CANARY.encode(),),
        ),
    ]


def _escaped_body() -> bytes:
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in CANARY)
    return json.dumps(chat(says("HERE"))).replace("HERE", escaped).encode()


def _placed() -> list[Case]:
    """One canary in each place that a body has."""
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "write", "arguments": json.dumps({"text": CANARY})},
    }
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_png()}"}}
    file = {"type": "file", "file": {"filename": f"{CANARY}.txt", "file_data": "aGVsbG8="}}
    tool = {"type": "function", "function": {"name": "t", "description": CANARY, "parameters": {}}}
    asks = says("go on")
    answered = {"role": "tool", "tool_call_id": "c1", "content": "done"}
    diff = f"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+{CANARY}\n"
    told = (CANARY.encode(),)
    found: list[tuple[str, Value]] = [
        ("system prompt", chat(says(CANARY, "system"), asks)),
        ("tool call", chat(asks, {"role": "assistant", "tool_calls": [call]}, answered)),
        ("tool result", chat(asks, says("x", "assistant"), {**answered, "content": CANARY})),
        ("diff", chat(says(diff))),
        ("file name", chat(says([file]))),
        ("tool description", chat(asks, tools=[tool])),
        ("metadata", chat(asks, metadata={"note": CANARY})),
        ("a key of an object", chat(asks, metadata={CANARY: "x"})),
        ("a field nobody knows", chat(asks, some_future_field=[{"deep": [CANARY]}])),
        ("a user's name", chat({**asks, "name": CANARY})),
    ]
    cases = [Case(name=name, sent=(Sent(body=body),), shows=told) for name, body in found]
    remark = Case(
        name="remark in an image",
        sent=(Sent(body=chat(says([image]))),),
        shows=(_png().encode(),),
    )
    twice = (
        json.dumps(chat(says("HERE"))).replace('"HERE"', f'"{CANARY}", "content": "hello"').encode()
    )
    return [
        *cases,
        remark,
        Case(name="a key that stands twice", sent=(Sent(body=twice),), shows=told),
        Case(
            name="query",
            sent=(Sent(body=chat(asks), path=f"/v1/chat/completions?x={CANARY}"),),
            shows=told,
        ),
        Case(
            name="header",
            sent=(Sent(body=chat(asks), headers={"x-note": CANARY}),),
            shows=told,
        ),
        Case(
            name="quoted in the query",
            sent=(Sent(body=chat(asks), path=f"/v1/chat/completions?x={_quoted()}"),),
            shows=(_quoted().encode(),),
        ),
    ]


def _quoted() -> str:
    return urllib.parse.quote("".join(f"%{ord(sign):02x}" for sign in CANARY), safe="")


def _split() -> list[Case]:
    """Cut into pieces that hold nothing each."""
    head, middle, tail = CANARY[:5], CANARY[5:11], CANARY[11:]
    blocks = [{"type": "text", "text": head}, {"type": "text", "text": middle + tail}]
    shows = ((middle + tail).encode(),)
    return [
        Case(name="split over blocks", sent=(Sent(body=chat(says(blocks))),), shows=shows),
        Case(
            name="split over three messages",
            sent=(Sent(body=chat(says(head), says(middle), says(tail))),),
            shows=(middle.encode(),),
        ),
        Case(
            name="split before a long message",
            sent=(Sent(body=chat(says(head), says(middle + tail + " and more" * 200))),),
            shows=shows,
        ),
        Case(
            name="split over turns",
            sent=(
                Sent(body=chat(says("begin " + head))),
                Sent(body=chat(says("begin " + head), says(middle + tail))),
            ),
            shows=shows,
        ),
    ]


def _later() -> list[Case]:
    """What comes after a private request, without the canary in it."""
    session = {"x-session-id": "s-1"}
    secret, follow = chat(says(CANARY)), "and what follows from that?"
    first = Sent(body=secret, headers=session)
    return [
        Case(
            name="a later request of the session",
            sent=(first, Sent(body=chat(says(follow)), headers=session)),
            shows=(follow.encode(),),
        ),
        Case(
            name="a title of the session",
            sent=(
                first,
                Sent(
                    body=chat(says("write a short title", "system"), says("words of the turn")),
                    headers=session,
                ),
            ),
            shows=(b"words of the turn",),
        ),
        Case(
            name="a sub-agent of the session",
            sent=(
                first,
                Sent(
                    body=chat(says("you are a sub-agent", "system"), says("words for the helper")),
                    headers=session | {"x-openai-subagent": "explore"},
                ),
            ),
            shows=(b"words for the helper",),
        ),
        Case(
            name="a sub-agent with an id of its own",
            sent=(
                first,
                Sent(
                    body=chat(says("words for the helper")),
                    headers={"x-session-id": "child", "x-parent-session-id": "s-1"},
                ),
            ),
            shows=(b"words for the helper",),
        ),
        Case(
            name="a conversation compacted",
            sent=(
                first,
                Sent(
                    body=chat(says("a summary of the earlier work: all is well"), says("go on")),
                    headers=session,
                ),
            ),
            shows=(b"a summary of the earlier work",),
        ),
        Case(
            name="history edited",
            sent=(
                Sent(body=chat(says("one"), says("two"), says("three"))),
                Sent(body=chat(says("one"), says(CANARY), says("three"))),
            ),
            shows=(CANARY.encode(),),
        ),
        Case(
            name="the model changed by hand",
            sent=(
                first,
                Sent(body=chat(says(follow)) | {"model": "out/code-model"}, headers=session),
            ),
            shows=(follow.encode(),),
        ),
        Case(
            name="a role asked for",
            sent=(Sent(body=secret, headers={"x-rolecall-role": "plan"}),),
            shows=(CANARY.encode(),),
        ),
    ]


def _endpoints() -> list[Case]:
    """Every endpoint, streamed and whole."""
    messages = {"model": "rolecall/auto", "max_tokens": 10, "messages": [says(CANARY)]}
    responses = {"model": "rolecall/auto", "input": CANARY}
    found: list[tuple[str, str, Value]] = [
        ("messages", "/v1/messages", messages),
        ("responses", "/v1/responses", responses),
        ("count_tokens", "/v1/messages/count_tokens", messages),
        ("messages, streamed", "/v1/messages", messages | {"stream": True}),
        ("responses, streamed", "/v1/responses", responses | {"stream": True}),
        ("chat, streamed", "/v1/chat/completions", chat(says(CANARY), stream=True)),
        ("instructions", "/v1/responses", responses | {"input": "x", "instructions": CANARY}),
        ("messages system", "/v1/messages", messages | {"system": CANARY, "messages": [says("x")]}),
    ]
    return [
        Case(name=name, sent=(Sent(body=body, path=path),), shows=(CANARY.encode(),))
        for name, path, body in found
    ]


_PARTS: tuple[Callable[[], list[Case]], ...] = (_encoded, _placed, _split, _later, _endpoints)
CASES: list[Case] = [case for part in _PARTS for case in part()]
