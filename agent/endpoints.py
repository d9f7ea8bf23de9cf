"""Where the known providers and local servers are, and which variable holds their key.

Every one of them speaks OpenAI's chat completions; what else there is has `--base-url` or a file of
models (`agent.model_spec`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

EndpointKind: TypeAlias = Literal[
    "openai", "openrouter", "gemini", "deepseek", "qwen", "lmstudio", "ollama", "vllm"
]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One provider or local server."""

    base_url: str
    key_env: str | None
    """Environment variable of its key; None: a server of one's own, which asks for none."""
    source: str
    """Where the address is documented."""


ENDPOINTS: dict[EndpointKind, Endpoint] = {
    "openai": Endpoint(
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "https://platform.openai.com/docs/api-reference",
    ),
    "openrouter": Endpoint(
        "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "https://openrouter.ai/docs"
    ),
    "gemini": Endpoint(
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "GEMINI_API_KEY",
        "https://ai.google.dev/gemini-api/docs/openai",
    ),
    "deepseek": Endpoint(
        "https://api.deepseek.com", "DEEPSEEK_API_KEY", "https://api-docs.deepseek.com"
    ),
    "qwen": Endpoint(
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "DASHSCOPE_API_KEY",
        "https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
    ),
    "lmstudio": Endpoint(
        "http://127.0.0.1:1234/v1", None, "https://lmstudio.ai/docs/developer/openai-compat"
    ),
    "ollama": Endpoint(
        "http://127.0.0.1:11434/v1", None, "https://docs.ollama.com/api/openai-compatibility"
    ),
    "vllm": Endpoint(
        "http://127.0.0.1:8000/v1",
        None,
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    ),
}

KEY_NAMES = tuple(one.key_env for one in ENDPOINTS.values() if one.key_env)
"""Variables that hold keys of models."""
