"""How the database came to its schema: one script a version, run by Alembic without an environment.

upgrade (runs them) · types · versions/ (the scripts, in order).
Scripts are frozen once released and import nothing of plangate but each other's column types.
"""
