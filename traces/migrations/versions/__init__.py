"""The scripts, in order; `docs/adr/0011-migrations.md` says how to add one."""
