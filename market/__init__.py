"""The world, as of a moment: sources of market data, and the snapshot made from them.

protocol (the seam) · sources/ (box, files, synthetic, exchange) · quality · resample · features ·
regime · modelled_book · observe. Nothing in here may return a datum that was not known at `as_of`.
"""
