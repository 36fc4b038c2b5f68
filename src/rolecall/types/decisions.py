"""What was decided, in which world, and what came of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from rolecall.types.economics import Boundary, Economics, Evidence, Forecast
from rolecall.types.outcomes import Outcome, Standing
from rolecall.types.privacy import Limit
from rolecall.types.providers import Deployment, Provider, Retirement, Usage
from rolecall.types.requests import Request
from rolecall.types.sessions import Latch, Session
from rolecall.types.words import Dialect, Ending, Ground, Kind, ModelClass, OnRetired, Role, Work


class Ailment(Struct, frozen=True, kw_only=True):
    """A deployment that is left alone for a while, why, and until when."""

    until: datetime
    why: str


class Snapshot(Struct, frozen=True, kw_only=True):
    """The world as one value.

    Everything is fixed by `version` but the moment: `at`, `health`, `standings`, `spent`, `paces`.
    """

    version: str
    providers: dict[str, Provider]
    deployments: dict[str, Deployment]
    stack: dict[Role, tuple[str, ...]]
    borrowed: dict[Role, Role]
    """Roles the stack leaves out, and the role whose cascade plays them."""
    default_role: Role
    work_roles: dict[Work, Role]
    model_classes: dict[str, ModelClass]
    """Class by model id, for names that clients ask for; facts of the catalogue."""
    rules: str
    """The version of the signal rules."""
    at: datetime
    kind_roles: dict[Kind, Role] = {}
    text_confidence: float = 1.0
    """From this confidence on the words of a turn decide its role; at 1 they never do."""
    logic: int = 1
    """The version of `decide` itself; decisions of another one are not taken again."""
    health: dict[str, Ailment] = {}
    retirements: dict[str, Retirement] = {}
    """By deployment: names that end at a provider of the stack, in the past or to come."""
    on_retired: OnRetired = "refuse"
    economics: Economics = Economics()
    evidence: Evidence = Evidence()
    standings: dict[str, Standing] = {}
    """What outcomes come to, by `outcomes.place`."""
    spent: dict[str, Decimal] = {}
    """USD of today, what is under way included, by the names of `Budget.limits`."""
    paces: dict[str, float] = {}
    """Mean seconds of a call by deployment, as measured here."""
    policy: str = ""
    """A digest of the rules of privacy; what they look for is not kept with decisions."""


class Opinion(Struct, frozen=True, kw_only=True):
    """What one signal says the role is. `confidence` is a chance, None where none was measured."""

    ground: Ground
    rule: str
    role: Role
    says: str
    confidence: float | None = None


class Reason(Struct, frozen=True, kw_only=True):
    """What decided the role, in one line a person can read.

    `runner_up` is the strongest of the other signals that would have decided otherwise.
    """

    ground: Ground
    rule: str
    says: str
    confidence: float | None = None
    runner_up: Opinion | None = None


class Justification(Struct, frozen=True, kw_only=True):
    """Why the strongest class is deserved, and until when that holds.

    `failure`: the work was failing, verifiably; `evidence`: outcomes say that it is worth it;
    `cache`: it has read the conversation, and going on costs less than moving.
    """

    kind: Literal["ask", "rule", "stack", "failure", "evidence", "cache"]
    says: str
    until: str = ""


class Candidate(Struct, frozen=True, kw_only=True):
    """A deployment that may play. `forecast` is None where its price is unknown."""

    deployment: str
    model_class: ModelClass | None
    forecast: Forecast | None = None
    justification: Justification | None = None
    instead_of: str | None = None
    """The retired deployment of the cascade in whose place it plays."""
    dialect: Dialect | None = None
    """What it is spoken to in, where that is not the client's own dialect."""
    losses: tuple[str, ...] = ()
    """What the translation leaves out."""


class Rejection(Struct, frozen=True, kw_only=True):
    """A deployment that may not play, and why. `until` is set where the reason passes by itself."""

    deployment: str
    reason: Literal[
        "dialect",
        "zone",
        "unwell",
        "unjustified",
        "unknown",
        "retired",
        "context",
        "tools",
        "held",
        "budget",
    ]
    says: str
    until: datetime | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """Role, who plays it and why. `cascade[0]` plays; the rest follow if it fails."""

    id: str
    at: datetime
    snapshot: str
    role: Role
    kind: Kind | None = None
    """What the work is about, where structure says so or its words are clear."""
    reason: Reason
    cascade: tuple[Candidate, ...]
    rejections: tuple[Rejection, ...]
    limits: tuple[Limit, ...] = ()
    boundary: Boundary | None = None
    """Whether another model might have played from here on; None in decisions before version 5."""
    calls_left: float = 0.0
    """Calls that the conversation is expected to go on for."""
    latch: Latch | None = None
    """The escalation in force."""
    notes: tuple[str, ...] = ()
    """What else is to be told: why the cheaper one waits, what a budget will do."""

    @property
    def chosen(self) -> Candidate | None:
        return self.cascade[0] if self.cascade else None


class Attempt(Struct, frozen=True, kw_only=True):
    """One upstream call. Durations are seconds from the start of the attempt.

    `outcome` is `answered`, or what went wrong; `status` is the upstream's HTTP status.
    `cost` is USD, None where the price or the usage is unknown.
    """

    deployment: str
    started: datetime
    outcome: Ending
    status: int | None = None
    detail: str | None = None
    time_to_first_chunk: float | None = None
    total: float = 0.0
    response_model: str | None = None
    usage: Usage | None = None
    cost: Decimal | None = None


class Record(Struct, frozen=True, kw_only=True):
    """A decision with all that replays it, and what came of it. What the ledger keeps."""

    decision: Decision
    request: Request
    session: Session
    health: dict[str, Ailment]
    attempts: tuple[Attempt, ...]
    status: int
    """The HTTP status that the client saw; 499 where it left first."""
    total: float
    standings: dict[str, Standing] = {}
    """Those that the decision looked at; likewise what was spent, and paces."""
    spent: dict[str, Decimal] = {}
    paces: dict[str, float] = {}
    outcomes: tuple[Outcome, ...] = ()
    """What this request told of earlier work."""
    extra: Decimal | None = None
    """USD that whom an escalation has taken over from would not have cost."""
