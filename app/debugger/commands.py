"""What a person can type, and what is said at every stop."""

from __future__ import annotations

from graph.debugger import Mode

HELP = """\
n, Enter        run the next node
c               go on to the next breakpoint, or to the end of this decision
k [NAME]        stop at a node, tool or code such as RR_BELOW_MIN; without a name: list
d NAME          delete a breakpoint; all deletes every one
s [FIELD]       the state, or one field of it
p               the prompt as the model will see it, with the tools that it is offered
t               the tools that were called, and what they answered
v               the last verdict, rule by rule
e PATH [VALUE]  edit, such as: e draft.targets.0.price 43000; without a value in $EDITOR.
                e messages.N edits a tool's answer (t tells its number)
b               back to the stop before
f [NAME]        fork: go on in a new branch, the one that is left stays
w [NAME]        switch to another branch; without a name: to the next one
x               compare the branches: plans, verdicts, tokens
q               quit; what has ended is kept
"""
"""What can be typed."""
LONG = {
    "next": "n", "continue": "c", "break": "k", "delete": "d", "state": "s", "prompt": "p",
    "tools": "t", "verdict": "v", "edit": "e", "back": "b", "fork": "f", "switch": "w",
    "compare": "x", "quit": "q", "help": "?",
}  # fmt: skip
ARMS: dict[Mode, str] = {
    "armed": "ARMED: what is approved is committed and sent",
    "disarmed": "DISARMED: nothing is committed or sent (--armed)",
    "finished": "FINISHED RUN: told from its trace, nothing is written or sent",
}
"""What is said at every stop."""
