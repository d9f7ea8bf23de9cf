"""The only place that names concrete things: settings, wiring, sessions, the command line.

A session: home · clock · moments (as options say them) · settings · options · capital · sourcing ·
fault_file · faulting · feed_file · feeding · model_file · modelling · opinion_options ·
second_opinions · tool_desk · spending · wire (composition root) · lease · reopening (what is kept
for it) · slots · session · price_watch and lookout (a live one between decisions) · diary ·
run_command (view) · studio (the graph for `langgraph dev`).
A hand on it: operating · deposits · reconcile_command.
What is told of it: document · listing · holdings · plan_life · report · report_words · report_page
· selectivity · cost (cost_words) · trade_report · charts · trace_reader ·
trace_choice · trace_search · trace_check · trace_pruning.
A session's record again (recorded_session), its plans under another policy: regating ·
regate_document · walking · regate_proof (what the graph says to that) · shadow (what was not
traded).
Whether it saw its future: lookahead · lookahead_seen. Whether it comes out again: replaying ·
bundles · forking (standing_in).
Many traces: journal_choice · signals (wanted and had) · exporting, export_columns, export_file
(tables) · trace_sums · trace_following (as they are recorded) · trace_spans,
span_outlet (to a collector of OpenTelemetry: otlp, otlp_address).
The market store: keeping · data_options · data_sync · data_import · data_watching · data_status ·
data_verify · data_export · data_words.
Feeds, tools and models by hand: feed_listing · model_listing · model_probe (sight_probe) ·
first_probe · local_install · counter (the desk without a decision) · tools_command · mcp_command ·
mcp_server.
Whether all is there: health · health_check · market_health · store_health.
debugger/ is `plangate step`; cli/ has one file a command group.
"""
