"""The standard data tools, one file each: what their schemas say is what the model reads.

answering (what they share) · ohlcv · indicators · regime · order_book · trades · funding ·
open_interest · cross_asset · correlation · breadth · calendar · position (the session's own record)
· what_if (what the gate would say).
"""
