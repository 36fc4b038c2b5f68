"""The embedded engine's own process: llama.cpp's server on a free loopback port.

Says its address in one line on standard output, and ends when standard input does. The parent
holds the other end, so that the engine never outlives it, not even after kill -9.
"""

from __future__ import annotations

import argparse
import os
import sys

import xllamacpp  # type: ignore[import-untyped] # a compiled module without stubs

CONTEXT = 8192
"""Tokens that SmolLM2-135M was trained to hold."""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--weights", required=True)
    options.add_argument("--model", required=True)
    options.add_argument("--threads", type=int, required=True)
    given = options.parse_args()
    server = xllamacpp.Server(_parameters(given.weights, given.model, given.threads))
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    os._exit(0)  # the server's threads have no other end


def _parameters(weights: str, model: str, threads: int) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = weights
    parameters.model_alias = {model}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.ui = False
    parameters.offline = True
    return parameters


if __name__ == "__main__":
    main()
