"""What a provider says that a call took: read where it can be true, else as if it had said nothing.

It is a stranger's word, and money is reckoned with it.
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage

from domain.spending import Usage

MOST_TOKENS = 100_000_000
"""Of a call's prompt, or of its answer; no model comes near."""


def told_usage(message: AIMessage) -> Usage | None:
    """The provider's count; parts are never more than the whole.

    None where it says nothing, or what cannot be: no prompt at all, fewer than no tokens, more than
    `MOST_TOKENS`, what is no whole number.
    """
    said = message.usage_metadata
    if not said:
        return None
    pictured = (message.response_metadata.get("token_usage") or {}).get("prompt_tokens_details")
    asked, output, total = said["input_tokens"], said["output_tokens"], said["total_tokens"]
    cached = said.get("input_token_details", {}).get("cache_read") or 0
    thought = said.get("output_token_details", {}).get("reasoning") or 0
    images = (pictured or {}).get("image_tokens") or 0
    if not all(_count(one) for one in (asked, output, total, cached, thought, images)) or not asked:
        return None
    # Some providers leave what was thought out of the output, but not out of the total.
    output = max(output, total - asked)
    return Usage(
        asked,
        output,
        min(cached, asked),
        "provider",
        min(thought, output),
        min(images, asked),
    )


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST_TOKENS
