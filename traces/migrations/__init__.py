"""How the database came to its schema: one script a version, run by Alembic without an environment.

Scripts are frozen once released and import nothing of plangate but each other's column types.
"""
