"""What `plangate model list` shows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from agent.endpoints import ENDPOINTS
from agent.model_spec import ModelSpec
from app.local_install import local_row
from app.model_file import read_model_file


def listing(path: Path | None) -> dict[str, Any]:
    """The known kinds, the local model, and the models of a file; no key is in it.

    Raises:
        ConfigError: the file is wrong.
    """
    kinds = [
        {
            "name": f"{kind}:NAME",
            "address": endpoint.base_url,
            "key_env": endpoint.key_env,
            "key_found": _found(endpoint.key_env),
            "source": endpoint.source,
        }
        for kind, endpoint in ENDPOINTS.items()
    ]
    models = [local_row(), *(_row(name, spec) for name, spec in read_model_file(path).items())]
    return {"schema": "plangate.models/1", "kinds": kinds, "models": models}


def _row(name: str, spec: ModelSpec) -> dict[str, Any]:
    key = spec.key_name if spec.needs_key else None
    shown = spec.model_dump(mode="json", exclude={"base_url", "key_env"}, exclude_none=True)
    told = [f"{spec.kind}:{spec.model}"]
    told += [f"then {other}" for other in spec.fallback]
    told += ["takes pictures"] if spec.vision else []
    told += [] if spec.list_price else ["price unknown"]
    return {
        **shown,
        "name": name,
        "address": spec.address or "as its library says",
        "key_env": key,
        "key_found": _found(key),
        "price_known": spec.list_price is not None,
        "told": ", ".join(told),
    }


def _found(key_env: str | None) -> bool:
    """Whether the key is there; also where none is needed."""
    return key_env is None or bool(os.environ.get(key_env))
