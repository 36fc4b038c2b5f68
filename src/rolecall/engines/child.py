"""The embedded engine's own process: llama.cpp's server on a free loopback port.

Says its address in one line on standard output once the model is loaded, and ends when standard
input does. The parent holds the other end, so that the engine never outlives it, not even after
kill -9. Until the model is loaded llama.cpp's log goes to standard error; afterwards nowhere.

Nothing of rolecall is imported: the parent runs this file by its path.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading

import xllamacpp  # type: ignore[import-untyped] # a compiled module without stubs

CONTEXT = 8192
"""Tokens that SmolLM2-135M was trained to hold; 188 MB. A longer prompt is a 400."""
LONGEST_ANSWER = 1024
"""Tokens where the request sets no limit: a model this small may never end by itself."""
OPENING = r"root ::= ([\x01-\x7F] ([\x01-\x7F] [\x01-\U0010FFFF]*)?)?"
"""An answer begins with ASCII. Where its first token is a part of a character, as in an emoji,
llama.cpp loses the events that open a stream (`message_start`, the first chunk's role); this
model greets with one in every seventh answer. A request that brings a grammar replaces this one.
"""
WARNINGS = 2


def main() -> None:
    """Serve until standard input ends."""
    given = _options()
    orphaned = threading.Thread(target=_end_with_parent, daemon=True)
    orphaned.start()
    announce = os.dup(1)
    os.dup2(2, 1)  # whatever llama.cpp prints is log
    try:
        server = xllamacpp.Server(_parameters(given))
    except RuntimeError as error:
        sys.exit(f"{given.weights}: {error}")
    _fall_silent()
    os.write(announce, f"{server.listening_address}\n".encode())
    os.close(announce)
    orphaned.join()


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser()
    options.add_argument("--weights", required=True)
    options.add_argument("--model", required=True, help="the name that the server answers with")
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--port", type=int, default=0, help="0 picks a free one")
    return options.parse_args()


def _end_with_parent() -> None:
    """Runs beside the loading of the model: a parent may die at any time."""
    while os.read(0, 1024):
        pass
    os._exit(0)  # the server's threads have no other end


def _fall_silent() -> None:
    """No log that grows while the engine runs, and no pipe that could fill up."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _parameters(given: argparse.Namespace) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = given.weights
    parameters.model_alias = {given.model}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = given.port
    parameters.cors_origins = ""  # no web page may read an answer; by default every page may
    parameters.cors_credentials = False
    parameters.endpoint_slots = False
    parameters.ui = False
    parameters.offline = True
    parameters.fit_params = False  # its size is known and small
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 1  # a second slot costs another 188 MB, and the cores are the limit
    parameters.n_predict = LONGEST_ANSWER
    parameters.cache_ram_mib = 0  # by default up to 8 GiB of earlier prompts are kept
    parameters.cpuparams_batch.n_threads = given.threads
    # A prompt is read faster on all cores. Tokens are not made faster: the threads wait for each
    # other after every layer, and beside any other busy process most of the time goes there.
    parameters.cpuparams.n_threads = max(1, given.threads // 2)
    kind = xllamacpp.common_grammar_type.COMMON_GRAMMAR_TYPE_USER
    parameters.sampling.grammar = xllamacpp.CommonGrammar(kind, OPENING)
    parameters.verbosity = WARNINGS
    return parameters


if __name__ == "__main__":
    main()
