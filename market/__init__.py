"""The world, as of a moment: sources of market data, and the snapshot made from them.

protocol (the seam) · sources/ · store/ (what they answered, kept) · feeds/ (news, sentiment, other
markets).
What may be believed: quality · cleaning · book_cleaning · flags · relisting · price_collar.
What is made of it: resample · features (feature_columns) · indicator_catalog (indicator_list) ·
recent · regime · universe · facts · order_flow · modelled_book · book_rank.
observe makes the snapshot, missing says what it lacks. Nothing in here may return a datum that was
not known at `as_of`.
"""
