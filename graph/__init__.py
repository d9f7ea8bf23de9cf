"""The order of things: one flat LangGraph graph a decision; LangGraph lives only in here.

state · caps · attention · context · reads and world (what a node asks of the world) · terms (what
decides besides it) · identity · nodes · opening (the first prompt) · waking (whether the model is
asked) · answers · replanning (what an answer changes) · reviewing (a draft before the gate) ·
evidence (its numbers beside what was seen) · consulting (second opinions) · submitting and
committing (approved answers to intents) · certificate (what could be known) · recording ·
decision · routes · build · run (one decision) · debugger (stop, look, edit, go back, go on; edits,
branches, breakpoints) · replay (a decision again from its trace: tape, stage, retold, difference) ·
finished (a run opened for that) · rerun (with a person in it) · fork (gone on with by another
model). Nodes are thin and never call a venue: the framework may run a node again after a crash.
"""
