"""The habits that cost money: each a rule over pieces of work, as docs/audit.md explains it."""
