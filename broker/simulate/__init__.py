"""A written script through the real paper venue: what anyone can check a fill rule with.

words, events, fault_rows, script (what may stand in the file) · reading (text to script) · world
(its market) · watched (a venue that is looked at, and may die) · stage (the seam), direct and house
(who talks to the venue) · ungated (no gate at send) · player (event after event) · result (the
document) · facts, account_checks, fill_checks, exit_checks, checks (what must hold, by arithmetic
of their own).
"""
