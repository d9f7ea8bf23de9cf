"""What happened: append-only events, redacted at the only door in, every text stored once.

columns · database (the one engine) · tables · events · redact · blobs · store · recorder · index
(fast listing) · view (for a person) · telemetry (one line a decision).
"""
