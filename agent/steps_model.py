"""For models that call tools badly: one answer under a schema for each step, read as a tool call.

The server is asked for JSON of one schema, a thought and one call out of the union of all tools;
graph, parsing and traces see an ordinary call. What is no such step stays what the model said,
and is judged where answers are read. Proved with small local models, which follow a grammar where
they do not follow a tool protocol.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.outputs import ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.answers import constrained_arguments
from agent.openai_model import TracedChatOpenAI
from agent.parse import RAW_ARGUMENTS
from agent.steps_guide import tool_guide
from domain.strict_json import JsonRefused, exact, loads

THOUGHT_CHARACTERS = 160
"""Most of what a model may think aloud in a step; an unbounded text runs to the answer's limit."""

TEXT_CHARACTERS = 300
"""Most of any other text in a step, for the same reason; the tools themselves may allow more."""

_GUIDE = (
    "Answer with one JSON object and nothing else: "
    '{"thought": "...", "call": {"tool": "NAME", "arguments": {...}}}. '
    "To call a tool means to name it there, one in each answer. The tools:\n"
)


class StepsChatOpenAI(TracedChatOpenAI):
    """`TracedChatOpenAI` whose tools are one schema of the answer."""

    def bind_tools(
        self,
        tools: Sequence[Any],
        *,
        tool_choice: Any = None,  # noqa: ARG002  # the base class's signature; a step is one call
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Tools as a schema; the server need not know what a tool is."""
        schemas = [convert_to_openai_tool(tool) for tool in tools]
        named = {"name": "step", "schema": step_schema(schemas)}
        asked = {"response_format": {"type": "json_schema", "json_schema": named}}
        # As extra body: the client's own way of parsing makes an exception of a cut answer.
        return self.bind(extra_body=asked, step_tools=schemas, **kwargs)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        tools = kwargs.pop("step_tools", None)
        if tools is None:
            return await super()._agenerate(messages, stop, run_manager, **kwargs)
        result = await super()._agenerate(
            _without_tools(messages, tools), stop, run_manager, **kwargs
        )
        for generation in result.generations:
            if isinstance(generation.message, AIMessage):
                generation.message = _as_call(generation.message, f"step_{len(messages)}")
        return result


def step_schema(tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One step: a thought, and a call out of the union of all tools."""
    calls = [
        _closed(
            {
                "tool": {"type": "string", "enum": [name]},
                "arguments": _short(constrained_arguments(name) or tool["function"]["parameters"]),
            }
        )
        for tool in tools
        for name in [tool["function"]["name"]]
    ]
    thought = {"type": "string", "maxLength": THOUGHT_CHARACTERS}
    return _closed({"thought": thought, "call": {"anyOf": calls}})


def _short(schema: Any) -> Any:
    """The schema with every text bounded."""
    if isinstance(schema, list):
        return [_short(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    tidy = {key: _short(value) for key, value in schema.items()}
    if tidy.get("type") == "string" and "enum" not in tidy:
        tidy["maxLength"] = min(tidy.get("maxLength", TEXT_CHARACTERS), TEXT_CHARACTERS)
    return tidy


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _as_call(message: AIMessage, call_id: str) -> AIMessage:
    """The step as a call; the message itself where it is no step."""
    step = _step(message.text)
    if step is None:
        return message
    thought, name, arguments = step
    call = {"name": name, "args": json.loads(arguments), "id": call_id, "type": "tool_call"}
    kept = {**message.additional_kwargs, RAW_ARGUMENTS: {call_id: arguments}}
    return message.model_copy(
        update={"content": thought, "tool_calls": [call], "additional_kwargs": kept}
    )


def _step(text: str) -> tuple[str, str, str] | None:
    """Thought, tool and the text of its arguments; None for anything that is not exactly a step."""
    try:
        value = loads(text)
    except JsonRefused:
        return None
    if not isinstance(value, dict) or set(value) != {"thought", "call"}:
        return None
    thought, call = value["thought"], value["call"]
    if not isinstance(call, dict) or set(call) != {"tool", "arguments"}:
        return None
    name, given = call["tool"], call["arguments"]
    if isinstance(thought, str) and isinstance(name, str) and isinstance(given, dict):
        return thought, name, exact(given)
    return None


def _without_tools(
    messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]]
) -> list[BaseMessage]:
    """The conversation in words: calls as the steps they were, results as what a person says."""
    guide = _GUIDE + tool_guide(tools)
    said = [_in_words(message) for message in messages]
    # One system message: the templates of several local models take no second one.
    rules = said.pop(0).text if said and isinstance(said[0], SystemMessage) else ""
    return [SystemMessage(f"{rules}\n\n{guide}".strip()), *said]


def _in_words(message: BaseMessage) -> BaseMessage:
    if isinstance(message, ToolMessage):
        return HumanMessage(f"Result of {message.name or 'the tool'}:\n{message.text}")
    if isinstance(message, AIMessage) and message.tool_calls:
        (first, *_) = message.tool_calls
        call = {"tool": first["name"], "arguments": first["args"]}
        return AIMessage(json.dumps({"thought": message.text, "call": call}, default=str))
    return message
