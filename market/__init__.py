"""The world, as of a moment: sources of market data, and the snapshot made from them.

protocol (the seam) · sources/ (box, files, synthetic, exchange, stored) · store/ (what they
answered, kept) · quality · cleaning · book_cleaning · flags · resample · features · recent ·
regime · universe · modelled_book · book_rank · observe. Nothing in here may return a datum that was
not known at `as_of`.
"""
