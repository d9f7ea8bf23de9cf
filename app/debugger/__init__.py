"""`plangate step`: a person between the nodes of a decision, on a screen or line by line.

protocol (what shows it) · commands (what is typed) · stepper (what they do, one for both) ·
stepping (the session's loop, with a person in it) · rerunning (a finished run) · pages (what is
looked at) · graph_page · comparison (branches side by side) · editor (`$EDITOR`) · line_input.
In Textual: screen · keys · state_tree · dialogs.
"""
