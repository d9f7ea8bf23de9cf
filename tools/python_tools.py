"""LangChain tools that a file of limits names: whatever can be imported."""

from __future__ import annotations

import importlib

from langchain_core.tools import BaseTool

from domain.errors import ConfigError
from tools.limits import PythonTool


def python_tool(name: str, spec: PythonTool) -> BaseTool:
    """The tool that `spec` names, called `name`.

    Raises:
        ConfigError: it cannot be imported, or is no tool.
    """
    module, _, attribute = spec.object.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # importing runs code that may be anybody's
        said = f"{type(error).__name__}: {error}"
        raise ConfigError(f"langchain.{name}: cannot import {spec.object!r} ({said})") from error
    if not isinstance(found, BaseTool):
        kind = type(found).__name__
        raise ConfigError(
            f"langchain.{name}: {spec.object!r} is a {kind}, was expected to be a LangChain tool "
            "(as the decorator langchain_core.tools.tool makes)"
        )
    return found.model_copy(update={"name": name})
