"""The only place that names concrete things: settings, wiring, sessions, the command line.

home · clock · settings · options · wire (composition root) · slots · session · report · charts ·
studio (the graph for `langgraph dev`) · cli/ one file a command group.
"""
