"""The tables. A change here needs a migration in `migrations/versions`; both are append-only."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

HEAD = "0005"
"""The newest migration. A test holds it equal to what Alembic calls head."""

metadata = MetaData()

snapshots = Table(
    "snapshots",
    metadata,
    Column("version", String, primary_key=True),
    Column("body", Text, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", String, primary_key=True),
    # Times are ISO 8601 text in UTC: SQLite has no type for them, and the text sorts.
    Column("at", String, nullable=False),
    Column("snapshot", String, ForeignKey("snapshots.version"), nullable=False),
    Column("workspace", String),
    Column("client", String),
    Column("session", String),
    Column("dialect", String, nullable=False),
    Column("work", String, nullable=False),
    Column("role", String, nullable=False),
    Column("deployment", String),
    Column("status", Integer, nullable=False),
    Column("total", Float, nullable=False),
    # JSON of what replays the decision: decision, request, session, health.
    Column("facts", Text, nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    Column("decision", String, ForeignKey("decisions.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("deployment", String, nullable=False),
    Column("started", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("status", Integer),
    Column("detail", Text),
    Column("time_to_first_chunk", Float),
    Column("total", Float, nullable=False),
    Column("response_model", String),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("cache_read_input_tokens", Integer),
    Column("cache_write_input_tokens", Integer),
    Column("reasoning_tokens", Integer),
    # USD as decimal text: SQLite has no exact numbers.
    Column("cost", String),
    Column("cache_write_1h_input_tokens", Integer),
    # Stored in the order of its key: one page to write for a commit, not two.
    sqlite_with_rowid=False,
)

outcomes = Table(
    "outcomes",
    metadata,
    # What became of the work that began with a decision; the newest word of each sort counts.
    Column("decision", String, primary_key=True),
    Column("how", String, primary_key=True),
    Column("at", String, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("topic", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("says", Text, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("cost", String),
    Column("extra", String),
    sqlite_with_rowid=False,
)

commits = Table(
    "commits",
    metadata,
    # Commits that a git hook has told of, and the decision whose work they hold.
    Column("sha", String, primary_key=True),
    Column("repository", String, nullable=False),
    Column("decision", String, nullable=False),
    Column("at", String, nullable=False),
    Column("settled", String),
)

taints = Table(
    "taints",
    metadata,
    # What stays private: `session:ID` as the client names it, or `thread:HASH` of a history.
    Column("key", String, primary_key=True),
    Column("rule", String, primary_key=True),
    # JSON of the limit that was met.
    Column("met", Text, nullable=False),
    Column("session", String),
    Column("workspace", String),
    Column("since", String, nullable=False),
    Column("cleared", String),
    Column("why", Text),
)

overrides = Table(
    "overrides",
    metadata,
    # What people have overridden: a session's role, a deployment left alone, a notice seen.
    Column("number", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("sort", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("value", String),
    Column("until", String),
    Column("person", String),
    Column("ended", String),
)

trials = Table(
    "trials",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", String, nullable=False),
    Column("repository", String, nullable=False),
    # JSON of the trial.
    Column("body", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    # One row for each try of an arm at a task, whatever became of it.
    Column("trial", String, ForeignKey("trials.id"), primary_key=True),
    Column("task", String, primary_key=True),
    Column("candidate", String, primary_key=True),
    Column("control", Integer, primary_key=True),
    Column("repetition", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("stop", String, nullable=False),
    # JSON of the run.
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)
