"""What recorded plans would have come to otherwise: no model is asked, and the graph is not run.

record (a session's decisions, read back) · regate (its plans before another policy, each as it
stood) · walk (its answers carried out under another policy, decision after decision) · outcome
(what a walk came to) · resampling (how sure a figure is) · grid (many policies).
What was not traded: follow (one plan alone) · shadow (what each rule saved or cost).
"""
