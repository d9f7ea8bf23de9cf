"""What the model may ask, never what it may do: read-only data tools behind one desk.

protocol (request, answer) · limits (and limits_file) · desk (the stack every call passes) ·
errands (one call, there and back) · arguments · cache · rates · breaker · flights · lanes (threads
of what is not ours) · found (what came back) · catalog/ one file a tool · standard (the default
set) · mcp_client (mcp_words) and python_tools (other people's) · statistics. No tool can place,
size or cancel anything.
"""
