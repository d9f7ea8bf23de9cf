"""What markets have answered, kept in the one database: asked once, read by every session.

tables · ranges (arithmetic of what was asked) · store (names, coverage, instruments, revisions) ·
candles (one symbol and timeframe) · stamps (funding, open interest). Nothing in here talks to a
market: sources ask it first, and tell it after.
"""
