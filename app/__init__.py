"""The only place that names concrete things: settings, wiring, sessions, the command line.

home · clock · settings · options · wire (composition root) · lease · slots · session · diary ·
run_command · step_command · document · report · report_words · report_page · charts · health ·
trace_reader · studio (the graph for `langgraph dev`) · cli/ one file a command group.
"""
