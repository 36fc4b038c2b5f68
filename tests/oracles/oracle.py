"""Two libraries that translate, too, asked for their opinion: one JSON job per line in, one out.

It runs in the environment of `tests/e2e/clients/oracles.txt`, where rolecall is not installed.
any-llm's bridge between Messages and Chat Completions is not a public interface, hence the private
names.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from any_llm.providers.anthropic import utils as anthropic_utils
from any_llm.types.completion import ChatCompletionChunk, CompletionParams
from any_llm.types.messages import MessagesParams
from any_llm.utils import messages_compat as bridge
from llm_rosetta import ConversionPipeline

_ROSETTA = {
    "openai.chat": "openai_chat",
    "openai.responses": "openai_responses",
    "anthropic.messages": "anthropic",
}


def rosetta_request(source: str, target: str, body: Any) -> Any:
    return ConversionPipeline(_ROSETTA[source], _ROSETTA[target]).convert_request(body)


def rosetta_stream(spoken: str, client: str, body: Any, events: list[Any]) -> Any:
    pipeline = ConversionPipeline(_ROSETTA[client], _ROSETTA[spoken])
    pipeline.convert_request(body)
    processor = pipeline.create_stream_processor()
    return [told for event in events for told in processor.process_chunk(event)]


def any_llm_request(source: str, _: str, body: Any) -> Any:
    if source == "anthropic.messages":
        return bridge.messages_params_to_completion_params(MessagesParams(**body))
    model = body.pop("model")
    asked = {**body, "model_id": model}
    params = CompletionParams(**asked)
    return anthropic_utils._convert_params(params, provider_name="anthropic")  # noqa: SLF001


def any_llm_stream(events: list[Any]) -> Any:
    state = bridge.StreamingState()
    told = [
        one
        for event in events
        for one in bridge.chat_completion_chunk_to_message_stream_events(
            ChatCompletionChunk.model_validate(event), state
        )
    ]
    told += bridge.close_open_blocks(state)
    fresh, cached = bridge.split_cached_input_tokens(
        state.input_tokens, state.cache_read_input_tokens, state.cache_creation_input_tokens
    )
    usage = {
        "input_tokens": fresh,
        "output_tokens": state.output_tokens,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": state.cache_creation_input_tokens,
    }
    last = {"type": "message_delta", "delta": {"stop_reason": state.stop_reason}, "usage": usage}
    plain = [one.model_dump(mode="json", exclude_none=True) for one in told]
    return [*plain, last, {"type": "message_stop"}]


VERBS = {
    "rosetta request": rosetta_request,
    "rosetta stream": rosetta_stream,
    "any-llm request": any_llm_request,
    "any-llm stream": any_llm_stream,
}


def main() -> None:
    for line in sys.stdin:
        verb, *given = json.loads(line)
        try:
            found = {"told": VERBS[verb](*given)}
        except Exception as error:  # noqa: BLE001 (told to the test, which says what it expects)
            found = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
