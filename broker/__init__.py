"""The world, acted on: what is sent, how it fills, and what follows from a fill.

protocol (the seam) · costs · fills (pure fill rules) · outbox (brackets to orders) · tape (orders
on one bar after another) · paper (the venue: bars and funding into the journal) · marks ·
dispatcher (sends what was committed, after the gate has seen fresh data).
"""
