"""Gemini's dialect, Ollama's and completions: as they are, and into the three main ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rolecall.types import MAIN_DIALECTS, Dialect
from support.answers import Answer, Received, Tokens, ToolCall
from support.gateway import Gateway, start_gateway
from support.http import Got, post
from support.upstream import Upstream

STACK = """
[providers.there]
base_url = "{url}/{root}"
dialects = ["{dialect}"]
auth = "none"

[roles]
code = ["there/code-model"]
"""
TOKENS = Tokens(input=1000, output=80, cache_read=600, reasoning=30)
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
READ = ToolCall(name="read", arguments={"path": "a.py"})
FUNCTION = {"name": "read", "description": "Reads.", "parameters": SCHEMA}


class Place(msgspec.Struct):
    gateway: Gateway
    upstream: Upstream

    def says(self, answer: Answer) -> None:
        self.upstream.script = lambda _: answer

    def gemini(self, contents: list[Any], *, stream: bool, **more: Any) -> Got:
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        path = f"/v1beta/models/rolecall/auto:{verb}"
        return post(self.gateway.url + path, {"contents": contents, **more})

    def ollama(self, messages: list[Any], *, stream: bool, **more: Any) -> Got:
        body = {"model": "rolecall/auto", "messages": messages, **more}
        body |= {} if stream else {"stream": False}
        return post(f"{self.gateway.url}/api/chat", body)

    def asked(self) -> Received:
        return self.upstream.asked[-1]

    def newest(self) -> Any:
        found = self.gateway.decisions(1)[0]
        return self.gateway.json(f"/rolecall/decisions/{found['id']}")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Dialect, Place]]:
    with Upstream() as upstream:
        yield from _places(upstream, tmp_path_factory.mktemp("stacks"))


def _places(upstream: Upstream, folder: Path) -> Iterator[dict[Dialect, Place]]:
    found: dict[Dialect, Place] = {}
    with ExitStack() as opened:
        for dialect in (*MAIN_DIALECTS, "google.gemini", "ollama.chat", "openai.completions"):
            root = "v1beta" if dialect == "google.gemini" else "v1"
            spoken = f'{dialect}", "ollama.generate' if dialect == "ollama.chat" else dialect
            config = STACK.format(url=upstream.url, dialect=spoken, root=root)
            home = folder / dialect
            home.mkdir()
            gateway = opened.enter_context(start_gateway(config, home))
            found[dialect] = Place(gateway, upstream)
        yield found


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text}]}


def events(got: Got) -> list[Any]:
    """The data of a stream of events, or its lines."""
    lines = got.body.decode().splitlines()
    found = [line.removeprefix("data: ") for line in lines if line]
    return [msgspec.json.decode(one) for one in found if one != "[DONE]"]


def parts_of(got: Got, *, stream: bool) -> list[Any]:
    answers = events(got) if stream else [got.json()]
    return [part for one in answers for part in one["candidates"][0]["content"]["parts"]]


BOTH = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])


@BOTH
@pytest.mark.parametrize("dialect", MAIN_DIALECTS)
def test_gemini_is_told_all(
    places: dict[Dialect, Place], dialect: Dialect, *, stream: bool
) -> None:
    """A text, then two calls at once, then their results; usage counts once."""
    place = places[dialect]
    place.says(Answer(text="I read.", tool_calls=(READ, READ), tokens=TOKENS))
    tools = [{"functionDeclarations": [FUNCTION]}]
    got = place.gemini([user("read a.py")], stream=stream, tools=tools)
    assert got.status == 200, got.body
    parts = parts_of(got, stream=stream)
    assert "".join(part.get("text", "") for part in parts) == "I read."
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    assert [(call["name"], call["args"]) for call in calls] == [("read", {"path": "a.py"})] * 2
    last = events(got)[-1] if stream else got.json()
    assert last["candidates"][0]["finishReason"] == "STOP"
    counts = last["usageMetadata"]
    told = (counts["promptTokenCount"], counts["candidatesTokenCount"])
    assert told == (1000, 80 - counts["thoughtsTokenCount"])
    assert counts["cachedContentTokenCount"] == 600
    results = [
        {"functionResponse": {"id": call["id"], "name": "read", "response": {"output": "x = 1"}}}
        for call in calls
    ]
    kept = [part for part in parts if part.get("text") != ""]
    history = [user("read a.py"), {"role": "model", "parts": kept}]
    place.says(Answer(text="Done."))
    again = place.gemini([*history, {"role": "user", "parts": results}], stream=stream, tools=tools)
    assert again.status == 200, again.body
    assert place.asked().body.count(b"x = 1") == 2
    assert place.newest()["request"]["loop_open"]


@pytest.mark.parametrize("dialect", ["anthropic.messages", "openai.responses"])
def test_thoughts_come_back_with_gemini_calls(
    places: dict[Dialect, Place], dialect: Dialect
) -> None:
    """What only their maker can read stands in the signature of the call."""
    place = places[dialect]
    place.says(Answer(reasoning="a thought", tool_calls=(READ,)))
    tools = [{"functionDeclarations": [FUNCTION]}]
    parts = parts_of(place.gemini([user("go")], stream=True, tools=tools), stream=True)
    call = next(part for part in parts if "functionCall" in part)
    kept = [call]
    result = {"functionResponse": {"name": "read", "response": {"output": "x"}}}
    history = [user("go"), {"role": "model", "parts": kept}, {"role": "user", "parts": [result]}]
    place.says(Answer(text="Done."))
    assert place.gemini(history, stream=False, tools=tools).status == 200
    sent = place.asked().body
    signs = {
        "anthropic.messages": b'"signature"',
        "openai.responses": b'"encrypted_content":"YSB0aG91Z2h0"',
    }
    assert signs[dialect] in sent
    assert b"cm9sZWNhbGwudjEu" not in sent


@BOTH
def test_gemini_to_gemini_is_byte_for_byte(places: dict[Dialect, Place], *, stream: bool) -> None:
    place = places["google.gemini"]
    place.says(Answer(text="Hello.", tool_calls=(READ,), tokens=TOKENS))
    got = place.gemini([user("hello")], stream=stream)
    assert got.body == place.asked().sent
    verb = "streamGenerateContent" if stream else "generateContent"
    assert place.asked().path == f"/v1beta/models/code-model:{verb}"
    assert place.asked().query == ("alt=sse" if stream else "")
    usage = place.newest()["tries"][0]["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (1000, 80)
    assert (usage["cache_read_input_tokens"], usage["reasoning_tokens"]) == (600, 30)


@BOTH
@pytest.mark.parametrize("dialect", MAIN_DIALECTS)
def test_ollama_is_told_all(
    places: dict[Dialect, Place], dialect: Dialect, *, stream: bool
) -> None:
    place = places[dialect]
    place.says(Answer(text="I read.", tool_calls=(READ,), tokens=TOKENS))
    tools = [{"type": "function", "function": FUNCTION}]
    asked = [{"role": "user", "content": "read a.py"}]
    got = place.ollama(asked, stream=stream, tools=tools)
    assert got.status == 200, got.body
    lines = events(got) if stream else [got.json()]
    assert "".join(line["message"]["content"] for line in lines) == "I read."
    calls = [call for line in lines for call in line["message"].get("tool_calls", ())]
    assert [call["function"] for call in calls] == [{"name": "read", "arguments": {"path": "a.py"}}]
    assert [line["done"] for line in lines][-1]
    assert (lines[-1]["prompt_eval_count"], lines[-1]["eval_count"]) == (1000, 80)
    said = {"role": "assistant", "content": "I read.", "tool_calls": calls}
    result = {"role": "tool", "tool_name": "read", "content": "x = 1"}
    place.says(Answer(text="Done."))
    assert place.ollama([*asked, said, result], stream=stream, tools=tools).status == 200
    assert b"x = 1" in place.asked().body


@BOTH
def test_ollama_to_ollama_is_byte_for_byte(places: dict[Dialect, Place], *, stream: bool) -> None:
    place = places["ollama.chat"]
    place.says(Answer(text="Hello.", tokens=TOKENS))
    got = place.ollama([{"role": "user", "content": "hello"}], stream=stream, keep_alive="5m")
    assert got.body == place.asked().sent
    assert place.asked().json["keep_alive"] == "5m"
    assert place.newest()["tries"][0]["usage"]["output_tokens"] == 80
    asked = {"model": "rolecall/auto", "prompt": "def f(", "suffix": "return 1", "stream": stream}
    got = post(f"{place.gateway.url}/api/generate", asked)
    assert got.body == place.asked().sent
    assert place.newest()["request"]["signals"]["work"] == "completion"


@BOTH
def test_a_prompt_for_ollama_is_a_question(places: dict[Dialect, Place], *, stream: bool) -> None:
    place = places["anthropic.messages"]
    place.says(Answer(text="Paris."))
    body = {"model": "rolecall/auto", "prompt": "Capital?", "system": "Be brief.", "stream": stream}
    got = post(f"{place.gateway.url}/api/generate", body)
    lines = events(got) if stream else [got.json()]
    assert "".join(line["response"] for line in lines) == "Paris."
    assert place.asked().json["system"][0]["text"] == "Be brief."


FILLS = ("/v1/completions", "/v1/fim/completions", "/api/generate")


@BOTH
@pytest.mark.parametrize(
    ("path", "spoken"), list(itertools.product(FILLS, ["openai.completions", "mistral.fim"]))
)
def test_text_goes_on_between_prompt_and_suffix(
    tmp_path: Path, path: str, spoken: Dialect, *, stream: bool
) -> None:
    """From each of the three ways to ask to each of the two that a provider may speak."""
    answer = Answer(text="x + 1", tokens=TOKENS)
    with Upstream(lambda _: answer) as upstream:
        config = STACK.format(url=upstream.url, dialect=spoken, root="v1")
        with start_gateway(config, tmp_path) as gateway:
            body = {"model": "rolecall/auto", "prompt": "def f(x): return ", "suffix": "\n# end"}
            asked = {**body, "stream": stream}
            if path == "/v1/completions":
                asked["stream_options"] = {"include_usage": True}
            got = post(gateway.url + path, asked)
            assert got.status == 200, got.body
            found = gateway.decisions(1)[0]
    sent = upstream.asked[0].json
    assert (sent["prompt"], sent["suffix"]) == (body["prompt"], body["suffix"])
    assert sent["model"] == "code-model"
    told = events(got) if stream else [got.json()]
    assert "".join(map(_filled, told)) == "x + 1"
    assert (found["work"], found["usage"]["input_tokens"]) == ("completion", 1000)


def _filled(told: Any) -> str:
    if "response" in told:
        return str(told["response"])
    if not told["choices"]:
        return ""
    choice = told["choices"][0]
    said = choice.get("delta") or choice.get("message") or {"content": choice.get("text")}
    return said.get("content") or ""


def test_a_conversation_does_not_go_where_texts_are_completed(
    places: dict[Dialect, Place],
) -> None:
    place = places["openai.completions"]
    got = place.gemini([user("hello")], stream=False)
    assert got.status == 503
    says = got.json()["error"]["message"]
    assert "speaks openai.completions; this client asks in google.gemini" in says


MISTAKES = {
    "no such model": (
        "/v1beta/models/rolecall/nobody:generateContent",
        {"contents": []},
        404,
        "there is no model",
    ),
    "no such verb": ("/v1beta/models/rolecall/auto:embedContent", {}, 404, "not served here"),
    "an orphan": (
        "/v1beta/models/rolecall/auto:generateContent",
        {"contents": [{"role": "user", "parts": [{"functionResponse": {"name": "x"}}]}]},
        503,
        "answers no call before",
    ),
    "a stream that is no events": (
        "/v1beta/models/rolecall/auto:streamGenerateContent",
        {"contents": []},
        400,
        "add ?alt=sse",
    ),
    "a strange part": (
        "/v1beta/models/rolecall/auto:generateContent",
        {"contents": [{"role": "user", "parts": [{"videoMetadata": {}}]}]},
        503,
        "cannot be carried",
    ),
}


@pytest.mark.parametrize(("path", "body", "status", "says"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_as_google_tells_them(
    places: dict[Dialect, Place], path: str, body: Any, status: int, says: str
) -> None:
    got = post(places["openai.chat"].gateway.url + path, body)
    error = got.json()["error"]
    assert (got.status, error["code"]) == (status, status)
    assert says in error["message"]
    assert error["status"].isupper()


def test_ollama_errors_are_texts(places: dict[Dialect, Place]) -> None:
    place = places["openai.chat"]
    got = place.ollama([{"role": "tool", "content": "x"}], stream=False)
    assert "answers no call before" in got.json()["error"]


def test_models_are_listed_for_their_clients(places: dict[Dialect, Place]) -> None:
    gateway = places["openai.chat"].gateway
    names = {one["name"] for one in gateway.json("/api/tags")["models"]}
    assert {"rolecall/auto", "rolecall/plan", "there/code-model"} <= names
    listed = {one["name"] for one in gateway.json("/v1beta/models")["models"]}
    assert "models/rolecall/auto" in listed
    assert gateway.json("/api/version")["version"] >= "0.13.4"
    shown = post(f"{gateway.url}/api/show", {"model": "rolecall/auto"}).json()
    assert "tools" in shown["capabilities"]
    assert post(f"{gateway.url}/api/show", {"model": "nobody"}).status == 404


def test_a_key_is_a_parameter_like_others_elsewhere(tmp_path: Path) -> None:
    """Only Google's clients write theirs into the address; any other query passes untouched."""
    with Upstream() as upstream:
        config = STACK.format(url=upstream.url, dialect="openai.chat", root="v1")
        with start_gateway(config, tmp_path) as gateway:
            body = {"model": "rolecall/auto", "messages": [{"role": "user", "content": "x"}]}
            post(f"{gateway.url}/v1/chat/completions?key=k&beta=true", body)
    assert upstream.asked[0].query == "key=k&beta=true"


def test_a_model_is_not_asked_for_by_megabytes(places: dict[Dialect, Place]) -> None:
    """What is no model's name is not taken into memory."""
    place = places["openai.chat"]
    got = post(f"{place.gateway.url}/api/show", {"model": "x" * 2_000_000})
    assert (got.status, "at most 64 KiB" in got.json()["error"]) == (413, True)


def test_a_key_in_the_address_goes_nowhere(places: dict[Dialect, Place]) -> None:
    """Neither to the provider nor into the ledger."""
    place = places["google.gemini"]
    place.says(Answer(text="Hello."))
    path = "/v1beta/models/rolecall/auto:streamGenerateContent?key=AIzaSecret&alt=sse"
    assert post(place.gateway.url + path, {"contents": [user("hello")]}).status == 200
    assert place.asked().query == "alt=sse"
    assert place.asked().header("x-goog-api-key") is None
    assert "AIzaSecret" not in msgspec.json.encode(place.newest()).decode()
