"""Talking to the model: what it is told, how it is asked, how its answer is read.

prompt (prompts/*.md) · prompt_budget (prompts/budget.toml) · sections (what gives way) · situation
(situation_account, situation_market, situation_memory, tables) · chart (what stands on it;
chart_drawing, colours) · picture (in a message; eyes: who sees it) · answers · schemas (as they are
sent) · parse · schema_complaint · critique · evidence (where numbers come from: sources, source,
prose) · messages · failures · model_spec (endpoints) · models · asking (one model; pace) · planner
(a session's) · openai_model (steps_model, steps_guide, short_answers) · offline_model ·
rules_model (rules_reading, rules_setups, rules_revision) · scripted_model · recorded_model and
queued_model (what another one answered) · tokens (tool_tokens, picture_tokens) · prices · usage
(what a provider says a call took) · claims (what it may cost) · allowance (who is asked for it).
local/ is a language model on this machine.
Second opinions: opinions (whose) · ballots (what they are shown: voter_prompt, perturbation) ·
voting (all at once) · consensus (one draft or none).
"""
