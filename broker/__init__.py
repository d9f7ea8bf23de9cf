"""The world, acted on: what is sent, how it fills, and what follows from a fill.

protocol (the seam) · paper/ (a venue of our own) · costs · outbox (decisions to orders) · exits
(what should guard a position) · booking (news into a batch) · follower (news into the journal) ·
dispatcher (makes the venue agree with the journal) · executor (time goes on, deadlines are kept) ·
marks.
"""
