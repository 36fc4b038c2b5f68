"""The same short story, told by each SDK in its own way.

Turns: `calls` (a system prompt, a text and an image, two tools), `results` (what the tools gave),
`shaped` (an answer by a schema), `fails` (an error of the provider). Each answers with what the SDK
understood: texts, calls, usage. What it parsed is validated once more, strictly, by its own models.
"""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types

SYSTEM = "Be brief."
ASKED = "Read both files."
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SCHEMA = {
    "type": "object",
    "properties": {"path": {"type": "string"}},
    "required": ["path"],
    "additionalProperties": False,
}
SHAPE = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
MODEL = "rolecall/auto"


class Speaker(ABC):
    """One client, with the history of its conversation."""

    def __init__(self, url: str, *, stream: bool) -> None:
        self.url = url
        self.stream = stream
        self.history: list[Any] = []
        self.calls_made: list[Any] = []

    @abstractmethod
    def calls(self) -> Any: ...

    @abstractmethod
    def results(self) -> Any: ...

    @abstractmethod
    def shaped(self) -> Any: ...

    @abstractmethod
    def fails(self) -> Any: ...


def told(text: str, calls: list[tuple[str, Any]], usage: tuple[int, int, int]) -> Any:
    return {"text": text, "calls": calls, "usage": usage}


def valid(model: Any) -> Any:
    """The same, once more through validation: the SDKs build their models without it."""
    return type(model).model_validate(model.to_dict())


class Chat(Speaker):
    def __init__(self, url: str, *, stream: bool) -> None:
        super().__init__(url, stream=stream)
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)

    def _ask(self, **more: Any) -> Any:
        if not self.stream:
            found = valid(
                self.client.chat.completions.create(model=MODEL, messages=self.history, **more)
            )
            return found.choices[0].message, found.usage
        with self.client.chat.completions.stream(
            model=MODEL,
            messages=self.history,
            stream_options={"include_usage": True},
            **more,
        ) as stream:
            for event in stream:
                if event.type == "chunk":
                    valid(event.chunk)
            found = stream.get_final_completion()
        return found.choices[0].message, found.usage

    def _told(self, message: Any, usage: Any) -> Any:
        made = message.tool_calls or []
        calls = [(one.function.name, json.loads(one.function.arguments)) for one in made]
        cached = usage.prompt_tokens_details.cached_tokens
        return told(
            message.content or "", calls, (usage.prompt_tokens, usage.completion_tokens, cached)
        )

    def calls(self) -> Any:
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
        self.history = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": [{"type": "text", "text": ASKED}, image]},
        ]
        function = {"name": "read", "description": "Reads.", "parameters": SCHEMA, "strict": True}
        self.tools = [{"type": "function", "function": function}]
        message, usage = self._ask(tools=self.tools)
        self.history.append(message.to_dict())
        self.history[-1].pop("parsed", None)
        self.calls_made = message.tool_calls or []
        for call in self.history[-1].get("tool_calls", ()):
            call.pop("index", None)
            call["function"].pop("parsed_arguments", None)
        return self._told(message, usage)

    def results(self) -> Any:
        self.history += [
            {"role": "tool", "tool_call_id": one.id, "content": "x = 1"} for one in self.calls_made
        ]
        return self._told(*self._ask(tools=self.tools))

    def shaped(self) -> Any:
        self.history = [{"role": "user", "content": "Is it?"}]
        shape = {"name": "answer", "schema": SHAPE, "strict": True}
        return self._told(*self._ask(response_format={"type": "json_schema", "json_schema": shape}))

    def fails(self) -> Any:
        self.history = [{"role": "user", "content": "Fail."}]
        return self._told(*self._ask())


class Responses(Speaker):
    def __init__(self, url: str, *, stream: bool) -> None:
        super().__init__(url, stream=stream)
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)

    def _ask(self, **more: Any) -> Any:
        if not self.stream:
            return valid(self.client.responses.create(model=MODEL, input=self.history, **more))
        with self.client.responses.create(
            model=MODEL, input=self.history, stream=True, **more
        ) as stream:
            events = [valid(event) for event in stream]
        return events[-1].response

    def _told(self, found: Any) -> Any:
        made = [one for one in found.output if one.type == "function_call"]
        calls = [(one.name, json.loads(one.arguments)) for one in made]
        usage, cached = found.usage, found.usage.input_tokens_details.cached_tokens
        return told(found.output_text, calls, (usage.input_tokens, usage.output_tokens, cached))

    def calls(self) -> Any:
        image = {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}"}
        text = {"type": "input_text", "text": ASKED}
        self.history = [{"role": "user", "content": [text, {**image, "detail": "auto"}]}]
        self.tools = [{"type": "function", "name": "read", "parameters": SCHEMA, "strict": True}]
        found = self._ask(tools=self.tools, instructions=SYSTEM, store=False)
        self.history += [one.to_dict() for one in found.output]
        self.calls_made = [one for one in found.output if one.type == "function_call"]
        return self._told(found)

    def results(self) -> Any:
        self.history += [
            {"type": "function_call_output", "call_id": one.call_id, "output": "x = 1"}
            for one in self.calls_made
        ]
        return self._told(self._ask(tools=self.tools, instructions=SYSTEM, store=False))

    def shaped(self) -> Any:
        self.history = [{"role": "user", "content": "Is it?"}]
        shape = {"type": "json_schema", "name": "answer", "schema": SHAPE, "strict": True}
        return self._told(self._ask(text={"format": shape}, store=False))

    def fails(self) -> Any:
        self.history = [{"role": "user", "content": "Fail."}]
        return self._told(self._ask())


class Anthropic(Speaker):
    def __init__(self, url: str, *, stream: bool) -> None:
        super().__init__(url, stream=stream)
        self.client = anthropic.Anthropic(base_url=url, api_key="none", max_retries=0)

    def _ask(self, **more: Any) -> Any:
        asked = {"model": MODEL, "max_tokens": 999, "messages": self.history, **more}
        if not self.stream:
            return valid(self.client.messages.create(**asked))
        for event in self.client.messages.create(**asked, stream=True):
            valid(event)
        with self.client.messages.stream(**asked) as stream:
            return stream.get_final_message()

    def _told(self, found: Any) -> Any:
        text = "".join(one.text for one in found.content if one.type == "text")
        calls = [(one.name, one.input) for one in found.content if one.type == "tool_use"]
        usage = found.usage
        cached = usage.cache_read_input_tokens or 0
        whole = usage.input_tokens + cached + (usage.cache_creation_input_tokens or 0)
        return told(text, calls, (whole, usage.output_tokens, cached))

    def calls(self) -> Any:
        source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
        said = [{"type": "text", "text": ASKED}, {"type": "image", "source": source}]
        self.history = [{"role": "user", "content": said}]
        mark = {"type": "ephemeral"}
        self.more = {
            "tools": [{"name": "read", "input_schema": SCHEMA}],
            "system": [{"type": "text", "text": SYSTEM, "cache_control": mark}],
        }
        found = self._ask(**self.more)
        self.history.append({"role": "assistant", "content": [b.to_dict() for b in found.content]})
        self.calls_made = [one for one in found.content if one.type == "tool_use"]
        return self._told(found)

    def results(self) -> Any:
        given = [
            {"type": "tool_result", "tool_use_id": one.id, "content": "x = 1"}
            for one in self.calls_made
        ]
        self.history.append({"role": "user", "content": given})
        return self._told(self._ask(**self.more))

    def shaped(self) -> Any:
        self.history = [{"role": "user", "content": "Is it?"}]
        shape = {"type": "json_schema", "schema": SHAPE}
        return self._told(self._ask(output_config={"format": shape}))

    def fails(self) -> Any:
        self.history = [{"role": "user", "content": "Fail."}]
        return self._told(self._ask())


class Gemini(Speaker):
    """The SDK of Google validates what it parses by itself."""

    def __init__(self, url: str, *, stream: bool) -> None:
        super().__init__(url, stream=stream)
        options = types.HttpOptions(base_url=url)
        self.client = genai.Client(api_key="none", http_options=options)

    def _ask(self, config: Any = None) -> Any:
        models = self.client.models
        if not self.stream:
            found = [models.generate_content(model=MODEL, contents=self.history, config=config)]
        else:
            found = list(
                models.generate_content_stream(model=MODEL, contents=self.history, config=config)
            )
        parts = [part for one in found for part in one.candidates[0].content.parts or ()]
        return parts, found[-1].usage_metadata

    def _told(self, parts: Any, usage: Any) -> Any:
        text = "".join(part.text or "" for part in parts if not part.thought)
        made = [part.function_call for part in parts if part.function_call]
        out = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        counts = (usage.prompt_token_count, out, usage.cached_content_token_count or 0)
        return told(text, [(one.name, one.args) for one in made], counts)

    def calls(self) -> Any:
        image = types.Part.from_bytes(data=base64.b64decode(PIXEL), mime_type="image/png")
        self.history = [types.Content(role="user", parts=[types.Part(text=ASKED), image])]
        plain = {key: value for key, value in SCHEMA.items() if key != "additionalProperties"}
        function = types.FunctionDeclaration(name="read", parameters=types.Schema(**plain))
        self.config = types.GenerateContentConfig(
            system_instruction=SYSTEM,
            tools=[types.Tool(function_declarations=[function])],
        )
        parts, usage = self._ask(self.config)
        kept = [part for part in parts if part.function_call or (part.text and not part.thought)]
        self.history.append(types.Content(role="model", parts=kept))
        self.calls_made = [part.function_call for part in parts if part.function_call]
        return self._told(parts, usage)

    def results(self) -> Any:
        given = [
            types.Part(
                function_response=types.FunctionResponse(
                    id=one.id, name=one.name, response={"result": "x = 1"}
                )
            )
            for one in self.calls_made
        ]
        self.history.append(types.Content(role="user", parts=given))
        return self._told(*self._ask(self.config))

    def shaped(self) -> Any:
        self.history = [types.Content(role="user", parts=[types.Part(text="Is it?")])]
        shape = types.GenerateContentConfig(
            response_mime_type="application/json", response_json_schema=SHAPE
        )
        return self._told(*self._ask(shape))

    def fails(self) -> Any:
        self.history = [types.Content(role="user", parts=[types.Part(text="Fail.")])]
        return self._told(*self._ask())
