"""The world, acted on: what is sent, how it fills, and what follows from a fill.

protocol (the seam) · costs · fills (pure fill rules) · outbox (brackets to orders) · paper (a venue
in memory) · paper_loop (bars and funding through it, into the journal) · dispatcher (sends what was
committed, after the gate has seen fresh data).
"""
