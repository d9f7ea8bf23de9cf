"""What happened: append-only events, redacted at the only door in, every text stored once.

place · database (the one engine) · sqlite_file · postgres_server · upsert · bulk · schema,
migrations/ · columns · tables · events (order_events, opinion_events, prompt_events, step_events,
node_events, happening) · redact and secret_forms · blobs (packing, with its dictionaries/;
stored_text) · bodies (of events) · chain (each event on the one before it) · store · recorder ·
verify (what was changed) · prune · index (fast listing, of chosen runs) · prose and words (the
index of its words; word_sql) · search (of a question) · view (for a person; visits,
by node; view_words) · prompts (as they were sent) · document (for a program) · telemetry (one line
a decision) · spans (of OpenTelemetry; span_attributes).
Of several: diff (of two; differences) · stats · following (as they are recorded) · bundle
(bundle_file; bundled: held against itself; listed; whole_file).
"""
