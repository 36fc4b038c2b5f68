"""The embedded engine's own process: llama.cpp's server on a free loopback port.

Says its address in one line on standard output once the model is loaded, and ends when standard
input does. The parent holds the other end, so that the engine never outlives it, not even after
kill -9. Until then llama.cpp writes its log where standard error goes; afterwards nowhere.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading

import xllamacpp  # type: ignore[import-untyped] # a compiled module without stubs

CONTEXT = 8192
"""Tokens that SmolLM2-135M was trained to hold. The slots share them."""
SLOTS = 2
"""A client asks for a title beside its first turn: neither waits for the other."""
LONGEST_ANSWER = 1024
"""Tokens where the request sets no limit; a model this small may never come to an end by itself."""
BATCH = 512
"""Tokens of a prompt that are read at once; more costs memory and is not faster on a CPU."""
WARNINGS = 2


def main() -> None:
    """Serve until standard input ends."""
    options = argparse.ArgumentParser()
    options.add_argument("--weights", required=True)
    options.add_argument("--model", required=True)
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--port", type=int, default=0)
    given = options.parse_args()
    orphaned = threading.Thread(target=_end_with_parent, daemon=True)
    orphaned.start()
    announce = os.dup(1)
    os.dup2(2, 1)  # whatever llama.cpp prints is log
    parameters = _parameters(given.weights, given.model)
    parameters.port = given.port
    parameters.cpuparams.n_threads = given.threads
    parameters.cpuparams_batch.n_threads = given.threads
    try:
        server = xllamacpp.Server(parameters)
    except RuntimeError as error:
        sys.exit(f"{given.weights}: {error}")
    _fall_silent()
    os.write(announce, f"{server.listening_address}\n".encode())
    os.close(announce)
    orphaned.join()


def _end_with_parent() -> None:
    """Runs beside the loading of the model, so that a parent may die at any time."""
    while os.read(0, 1024):
        pass
    os._exit(0)  # the server's threads have no other end


def _fall_silent() -> None:
    """No log that grows while the engine runs, and no reader that it could wait for."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _parameters(weights: str, model: str) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = weights
    parameters.model_alias = {model}
    parameters.hostnames = ["127.0.0.1"]
    parameters.cors_origins = ""  # no web page may read answers; by default all may
    parameters.cors_credentials = False
    parameters.endpoint_slots = False
    parameters.ui = False
    parameters.offline = True
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = SLOTS
    parameters.kv_unified = True
    parameters.n_batch = BATCH
    parameters.n_ubatch = BATCH
    parameters.n_predict = LONGEST_ANSWER
    parameters.cache_ram_mib = 0  # by default up to 8 GiB of old prompts are kept
    parameters.verbosity = WARNINGS
    return parameters


if __name__ == "__main__":
    main()
