"""What the model may ask, never what it may do: read-only data tools behind one desk.

protocol (request, answer) · limits · desk (allowlist, rate, latency, budget, size, cache, record) ·
catalog/ one file a tool · standard (the default set). No tool can place, size or cancel anything.
"""
