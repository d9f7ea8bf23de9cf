"""The world, acted on: what is sent, how it fills, and what follows from a fill.

protocol (the seam) · paper/ (a venue of our own) · simulate/ (scripts through it) · costs.
Which orders: outbox (an entry) · exits (what should guard a position) · closing (what closes one) ·
guard (moves stops) · invalidation (leaves a plan that is wrong by its own words).
What follows from news: executed (a fill) · booking (into a batch) · plan_steps · follower (into the
journal).
Who acts: review (the gate at send) · dispatcher (makes the venue agree with the journal) ·
reconciler (finds where it does not) · treasury (deposits) · executor (time goes on, deadlines are
kept) · marks · path.
Faults on purpose: faults (any venue, made worse) · fault_rates · fault_spec · chance · patience.
"""
