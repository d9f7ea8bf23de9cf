"""The standard data tools, one file each: what their schemas say is what the model reads.

answering (what they share) · ohlcv · indicators · regime · order_book · trades · funding ·
open_interest · cross_asset (and other_markets, the part that feeds give) · correlation · breadth ·
news and sentiment (of feeds) · calendar · position (the session's own record) · what_if (what the
gate would say).
"""
