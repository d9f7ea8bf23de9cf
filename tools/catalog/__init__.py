"""The standard data tools, one file each: what their schemas say is what the model reads.

answering (what they share) · ohlcv · indicators · regime · order_book · funding · cross_asset.
"""
