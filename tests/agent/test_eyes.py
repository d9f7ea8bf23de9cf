"""What of a picture reaches a model, and how many tokens it is counted as."""

from __future__ import annotations

from decimal import Decimal

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from agent.claims import claim_for
from agent.eyes import Eyes
from agent.messages import dump_message, load_message
from agent.model_spec import ModelSpec, read_models
from agent.models import NamedModel
from agent.perturbation import reworded
from agent.picture import Picture, base64_of, filled, illustrated, pictures_of, png_of
from agent.picture_tokens import picture_tokens
from agent.scripted_model import ScriptedModel
from agent.tokens import count_prompt
from domain.errors import ConfigError, StateError

PNG = b"\x89PNG not really"
DATA = base64_of(PNG)
PICTURE = Picture("b1" * 16, 768, 448, len(PNG), "A chart.")
SEEN = illustrated(HumanMessage("situation"), PICTURE, DATA)
PROMPT = [SystemMessage("rules"), SEEN, AIMessage("thinking")]


def spec(model: str = "gpt-4o", **more: object) -> ModelSpec:
    return ModelSpec.model_validate({"model": model, "vision": True, **more})


def test_a_model_that_sees_gets_the_image_last_and_any_other_the_text_alone() -> None:
    _, shown, said = Eyes(spec()).sent(PROMPT)
    assert said == PROMPT[2]
    assert shown.content == [
        {"type": "text", "text": "situation"},
        {"type": "text", "text": "A chart."},
        {
            "type": "image_url",
            "image_url": {"url": f"data:image/png;base64,{DATA}", "detail": "high"},
        },
    ]
    blind = Eyes(spec(vision=False))
    assert blind.sent(PROMPT)[1] == HumanMessage("situation")
    assert blind.tokens(PROMPT) == 0
    assert Eyes(None).sent(PROMPT) == PROMPT


def test_a_message_is_stored_without_the_bytes_and_filled_again() -> None:
    text = dump_message(SEEN)
    assert DATA not in text
    again = load_message(text)
    assert (again.text, pictures_of(again)) == ("situation", [(PICTURE, None)])
    with pytest.raises(StateError, match="read it back first"):
        Eyes(spec()).sent([again])
    assert filled(again, {PICTURE.blob: DATA}.__getitem__) == SEEN
    assert dump_message(filled(again, {PICTURE.blob: DATA}.__getitem__)) == text
    assert png_of(DATA) == PNG
    plain = HumanMessage("situation")
    assert filled(plain, {}.__getitem__) is plain


def test_a_repeat_of_a_question_shows_the_same_picture() -> None:
    assert pictures_of(reworded(SEEN, str.upper)) == [(PICTURE, DATA)]


@pytest.mark.parametrize(
    ("model", "size", "tokens"),
    [
        ("gpt-4o", (1024, 1024), 765),
        ("gpt-4o", (2048, 4096), 1105),
        ("gpt-4o-2024-11-20", (128, 64), 255),
        ("gpt-4o", (768, 448), 425),
        ("gpt-4o-mini", (128, 64), 8500),
        ("openai/gpt-4o-mini:free", (768, 448), 14_167),
        ("openai:gpt-4.1", (768, 448), 425),
        ("o3-2025-04-16", (128, 64), 225),
        ("gpt-4.1-mini", (128, 64), 13),
        ("gpt-4.1-mini", (4000, 4000), 2489),
        ("gpt-5-nano", (768, 448), 827),
        ("somebody-else", (768, 448), 1760),
    ],
)
def test_pictures_are_counted_as_their_provider_says(
    model: str, size: tuple[int, int], tokens: int
) -> None:
    """Examples of OpenAI's page, and what its API was seen to bill."""
    assert picture_tokens(model, *size) == tokens


def test_the_files_own_figure_comes_first_and_goes_with_vision_only() -> None:
    assert Eyes(spec("qwen-vl", image_tokens=500)).tokens([*PROMPT, SEEN]) == 1000
    with pytest.raises(ConfigError, match=r"models\.m: image_tokens .* vision = true"):
        read_models({"models": {"m": {"model": "x", "image_tokens": 5}}}, "file")


def test_the_worst_case_of_a_question_has_the_picture_in_it() -> None:
    price = {"input": Decimal(1), "output": Decimal(1)}
    for model, tokens in (("gpt-4o", 425), ("other", 1760)):
        named = NamedModel("m", ScriptedModel([]), spec(model, price=price))
        eyes = Eyes(named.spec)
        read = eyes.read(PROMPT)
        bare = claim_for(named, read, [], 7)
        whole = claim_for(named, read, [], 7, eyes.tokens(PROMPT))
        assert whole.prompt_tokens == bare.prompt_tokens + tokens
        assert bare.prompt_tokens == count_prompt(read, [], model).tokens
        assert whole.worst is not None
        assert bare.worst is not None
        assert (whole.worst.usd - bare.worst.usd) * 1_000_000 == tokens
        assert "A chart." in read[1].text
