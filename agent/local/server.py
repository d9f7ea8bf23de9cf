"""The process that serves a model file on loopback until whoever started it is gone.

Run by its path, in an interpreter that sees nothing of ours and nothing of the user's: what it
needs is in the folder that it is told. The first line of its standard input says what to serve; the
input's end, which comes also when its parent was killed, ends it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any


def main() -> None:
    """Serve; the address goes to standard output as one line of JSON."""
    # Ctrl-C reaches every process of a terminal; the session decides when this one is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked = json.loads(sys.stdin.buffer.readline())
    sys.path.insert(0, asked["runtime"])
    server = _served(asked)
    sys.stdout.write(json.dumps({"address": server.listening_address}) + "\n")
    sys.stdout.flush()
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)  # an answer that is being made is nobody's any more, and would be waited for


def _served(asked: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = asked["model"]
    params.model_alias = {asked["name"]}
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.api_keys = [asked["key"]]
    params.n_ctx, params.n_parallel = asked["context_tokens"], 1
    params.cache_ram_mib = asked["cache_mib"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = asked["threads"]
    params.use_jinja, params.offline = True, True
    params.ui, params.endpoint_slots, params.warmup = False, False, False
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
