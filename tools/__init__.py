"""What the model may ask, never what it may do: read-only data tools behind one desk.

protocol (request, answer) · arguments · limits · cache · desk (the stack every call passes) ·
catalog/ one file a tool · standard (the default set). No tool can place, size or cancel anything.
"""
