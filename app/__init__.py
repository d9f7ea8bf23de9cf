"""The only place that names concrete things: settings, wiring, sessions, the command line.

A session: home · clock · settings · options · capital · fault_file · faulting · wire (composition
root) · lease · slots · session · diary · run_command · step_command · studio (the graph for
`langgraph dev`).
A hand on it: operating · deposits · reconcile_command · health.
What is told of it: document · listing · holdings · plan_life · report · report_words · report_page
· trade_report · charts · trace_reader.
cli/ has one file a command group.
"""
