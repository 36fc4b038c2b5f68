"""The same features in the words of Gemini's and Ollama's clients, by the feature's name."""

from __future__ import annotations

from typing import Any

from rolecall.types import Dialect

GEMINI: Dialect = "google.gemini"
OLLAMA: Dialect = "ollama.chat"
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
ANSWER = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
_PNG = "iVBORw0KGgo="
_HELLO = {"role": "user", "parts": [{"text": "hello"}]}
_FUNCTION = {"name": "read", "parametersJsonSchema": SCHEMA}
_TOOLS = {"tools": [{"functionDeclarations": [_FUNCTION]}]}
_OLLAMA_TOOLS = {
    "tools": [{"type": "function", "function": {"name": "read", "parameters": SCHEMA}}]
}
MORE_PLAIN: dict[Dialect, dict[str, Any]] = {
    GEMINI: {"contents": [_HELLO]},
    OLLAMA: {"model": "m", "messages": [{"role": "user", "content": "hello"}]},
}
_GIVEN = [("c1", {"path": "a.py"}), ("c2", {"path": "b.py"})]


def said(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": list(parts)}]}


def config(**settings: Any) -> dict[str, Any]:
    return {"generationConfig": settings}


def mode(**found: Any) -> dict[str, Any]:
    return {**_TOOLS, "toolConfig": {"functionCallingConfig": found}}


def options(**found: Any) -> dict[str, Any]:
    return {"options": found}


def _calls(key: str = "output", **more: Any) -> dict[str, Any]:
    called = [{"functionCall": {"id": i, "name": "read", "args": a}} for i, a in _GIVEN]
    gave = [
        {"functionResponse": {"id": i, "name": "read", "response": {key: "x = 1"}, **more}}
        for i, _ in _GIVEN
    ]
    turn = [{"role": "model", "parts": called}, {"role": "user", "parts": gave}]
    return {"contents": [_HELLO, *turn], **_TOOLS}


def _signed() -> dict[str, Any]:
    """As Gemini signs its first call."""
    found = _calls()
    found["contents"][1]["parts"][0]["thoughtSignature"] = "R29vZ2xl"
    return found


def _ollama_calls() -> dict[str, Any]:
    called = [{"id": i, "function": {"name": "read", "arguments": a}} for i, a in _GIVEN]
    gave = [{"role": "tool", "tool_call_id": i, "content": "x = 1"} for i, _ in _GIVEN]
    asked = {"role": "assistant", "content": "", "tool_calls": called}
    return {"messages": [{"role": "user", "content": "go"}, asked, *gave], **_OLLAMA_TOOLS}


_SYSTEM = [{"role": "system", "content": "be"}, {"role": "user", "content": "hello"}]
_IMAGE = {"inlineData": {"mimeType": "image/png", "data": _PNG}}
_LINK = {"fileData": {"mimeType": "image/png", "fileUri": "https://example.com/a.png"}}
_PDF = {"inlineData": {"mimeType": "application/pdf", "data": "aGVsbG8="}}
_KEPT = {"fileData": {"mimeType": "image/png", "fileUri": "files/1"}}
MORE: dict[str, dict[Dialect, dict[str, Any]]] = {
    "text": {GEMINI: {}, OLLAMA: {}},
    "system prompt": {
        GEMINI: {"systemInstruction": {"parts": [{"text": "be"}]}},
        OLLAMA: {"messages": _SYSTEM},
    },
    "tools with their schemas": {GEMINI: _TOOLS, OLLAMA: _OLLAMA_TOOLS},
    "parallel calls: ids, names, arguments": {GEMINI: _calls(), OLLAMA: _ollama_calls()},
    "results of tools": {GEMINI: _calls(), OLLAMA: _ollama_calls()},
    "a result that says it failed": {GEMINI: _calls("error")},
    "images in results": {GEMINI: _calls(parts=[_IMAGE])},
    "a tool must be called": {GEMINI: mode(mode="ANY")},
    "a certain tool must be called": {
        GEMINI: mode(mode="ANY", allowedFunctionNames=["read"]),
    },
    "web search of the provider": {GEMINI: {"tools": [{"googleSearch": {}}]}},
    "images": {
        GEMINI: said(_IMAGE),
        OLLAMA: {"messages": [{"role": "user", "content": "see", "images": [_PNG]}]},
    },
    "images by address": {GEMINI: said(_LINK)},
    "documents": {GEMINI: said(_PDF)},
    "files that a provider keeps": {GEMINI: said(_KEPT)},
    "answer by a schema": {
        GEMINI: config(responseMimeType="application/json", responseJsonSchema=ANSWER),
        OLLAMA: {"format": ANSWER},
    },
    "answer in any JSON": {
        GEMINI: config(responseMimeType="application/json"),
        OLLAMA: {"format": "json"},
    },
    "longest answer": {GEMINI: config(maxOutputTokens=99), OLLAMA: options(num_predict=99)},
    "reasoning effort": {
        GEMINI: config(thinkingConfig={"thinkingLevel": "HIGH"}),
        OLLAMA: {"think": "high"},
    },
    "budget of thinking (as an effort)": {
        GEMINI: config(thinkingConfig={"thinkingBudget": 8000}, maxOutputTokens=9000),
    },
    "temperature": {GEMINI: config(temperature=0.5), OLLAMA: options(temperature=0.5)},
    "top_p": {GEMINI: config(topP=0.5), OLLAMA: options(top_p=0.5)},
    "top_k": {GEMINI: config(topK=5), OLLAMA: options(top_k=5)},
    "stop sequences": {GEMINI: config(stopSequences=["END"]), OLLAMA: options(stop=["END"])},
    "seed": {GEMINI: config(seed=7), OLLAMA: options(seed=7)},
    "penalties": {
        GEMINI: config(presencePenalty=0.5),
        OLLAMA: options(presence_penalty=0.5),
    },
    "signed reasoning of earlier turns": {GEMINI: _signed()},
    "several answers (n)": {GEMINI: config(candidateCount=2)},
    "logprobs": {GEMINI: config(responseLogprobs=True)},
    "a setting nobody knows yet": {GEMINI: {"newSetting": 1}, OLLAMA: {"new_setting": 1}},
}
