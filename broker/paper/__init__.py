"""A venue on paper: it takes orders as a real one does, and fills them on the market's own data.

terms (how it charges and fills) · admission (what it takes) · fills (when and at what price) ·
book (orders and account) · matching (one bar, step by step) · margin (liquidation) · forced
(funding and forced closing) · transfers (money in and out) · tape (what the market does, in order)
· store (its own tables: the venue's log) · venue (the `Broker`).
"""
