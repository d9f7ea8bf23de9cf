"""What a person did while stepping through a run."""

from __future__ import annotations

from typing import Literal

from traces.happening import Happening


class StateEdited(Happening):
    """A person changed the state while stepping."""

    kind: Literal["state_edited"] = "state_edited"
    field: str
    before: str
    after: str


class BranchTaken(Happening):
    """A person went back, forked or went over to another branch: what follows goes on from there.

    Events of all branches stand in one run, in the order in which they happened.
    """

    kind: Literal["branch_taken"] = "branch_taken"
    branch: str
    how: Literal["back", "fork", "switch"]
    before: str | None
    """The node that runs next there; None at the end."""
