"""Bring a ledger's schema to `schema.HEAD`."""

from __future__ import annotations

from importlib import resources

import sqlalchemy as sa

from rolecall.errors import LedgerError
from rolecall.ledger.schema import HEAD


def migrate(engine: sa.Engine) -> None:
    """Run the migrations that are missing. Raises `LedgerError` on a ledger of a newer rolecall."""
    current = _current(engine)
    if current == HEAD:
        return
    if current is not None and current > HEAD:
        raise LedgerError(
            f"the ledger has schema {current}, this rolecall knows {HEAD}: install a newer rolecall"
        )
    # Alembic takes 0.1 s to import and is needed once in a ledger's life.
    from alembic import command, config  # noqa: PLC0415

    with resources.as_file(resources.files("rolecall.ledger") / "migrations") as scripts:
        settings = config.Config()
        settings.set_main_option("script_location", str(scripts).replace("%", "%%"))
        with engine.begin() as connection:
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")


def _current(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
