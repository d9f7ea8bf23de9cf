"""A finished run, opened from its trace to be gone through again, with or without another model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, cast

from agent.answers import ANSWERS
from agent.models import NamedModel
from agent.planner import Planner
from agent.recorded_model import RecordedModel
from domain.clock import EPOCH, FixedClock
from domain.errors import StateError
from graph.difference import Differs
from graph.replay import context_for, terms_of_tape
from graph.stage import Changed, Lacks, Stage, Texts
from graph.tape import Tape, tape_of
from journal.spending import SpendingLedger
from traces.events import PromptSent
from traces.recorder import Recorder
from traces.redact import Redactor


class ToolNames(NamedTuple):
    """What the run's model could ask for; in a finished run nobody answers."""

    names: tuple[str, ...]


class StandIn(NamedTuple):
    """A model that is asked in the place of the run's own, once its answers do not fit any more."""

    models: Sequence[NamedModel]
    spending: SpendingLedger
    """What it costs counts as the session's."""
    secrets: Mapping[str, str]


class FinishedRun:
    """What was recorded of it, and a context in which its nodes run again."""

    def __init__(self, stage: Stage, run_id: str, stand_in: StandIn | None = None) -> None:
        """Read the run.

        Args:
            stage: Of its session; takes what is made anew.
            run_id: The run.
            stand_in: Who is asked what nobody was asked then; None: nobody.

        Raises:
            StateError: the trace lacks what it takes, and says what.
        """
        self.stage = stage
        self.tape = tape_of(run_id, stage.events(run_id))
        secrets = stand_in.secrets if stand_in else {}
        self.recorder = Recorder(stage, Redactor(secrets), FixedClock(EPOCH))
        self.asks = stand_in is not None
        """Whether a model is asked what nobody was asked then."""
        try:
            terms = terms_of_tape(self.tape, stage.texts)
            schemas = _schemas(self.tape, stage.texts)
        except Differs as found:
            raise changed(found) from found
        except Lacks as error:
            raise StateError(str(error)) from error
        except Changed as error:
            raise StateError(
                f"text {error.name!r} of run {run_id!r} is not what it was; see: traces verify"
            ) from error
        names = tuple(one["function"]["name"] for one in schemas)
        self.context = replace(
            context_for(terms, self.recorder),
            planner=_planner(terms.model, schemas, stand_in),
            desk=cast("Any", ToolNames(names)),
            spending=stand_in.spending if stand_in else cast("Any", None),
        )


def changed(found: Differs) -> StateError:
    """The same for whoever cannot go on with it."""
    one = found.difference
    return StateError(
        f"{one.node}: {one.where}: {one.expected} was expected, {one.found} is recorded; "
        "whether the record was changed says: plangate traces verify"
    )


def _planner(name: str, schemas: Sequence[dict[str, Any]], stand_in: StandIn | None) -> Planner:
    """Under the run's own model's name, which is part of the run's."""
    models = stand_in.models if stand_in else [NamedModel(name, RecordedModel({}))]
    planner = Planner(models, schemas)
    planner.model_name = name
    return planner


def _schemas(tape: Tape, texts: Texts) -> list[dict[str, Any]]:
    """Of the data tools that the model was offered first."""
    sent = next((event for event in tape.events if isinstance(event, PromptSent)), None)
    offered: list[dict[str, Any]] = json.loads(texts.read(sent.tools)) if sent else []
    return [one for one in offered if one["function"]["name"] not in ANSWERS]
