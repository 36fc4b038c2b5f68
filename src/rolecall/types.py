"""The nouns of rolecall, as immutable values. Nothing here does I/O or knows a provider's name."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, get_args

from msgspec import Struct

Role = Literal["plan", "review", "code", "fast", "local"]
Dialect = Literal[
    "openai.chat",
    "openai.responses",
    "anthropic.messages",
    "google.gemini",
    "ollama.chat",
    "ollama.generate",
    "openai.completions",
    "mistral.fim",
]
ModelClass = Literal["frontier", "coding", "fast", "open-weight"]
Auth = Literal["key", "client", "none"]
KeyHeader = Literal["authorization", "x-api-key", "x-goog-api-key"]
Outcome = Literal["answered", "refused", "timeout", "broken", "error-status", "client-left"]
"""How an upstream call ended."""
Work = Literal[
    "turn",
    "continuation",
    "subagent",
    "title",
    "summary",
    "compaction",
    "approval",
    "memory",
    "commit",
    "completion",
    "chore",
    "count",
    "plan",
    "review",
]
"""What the structure of a request says that it is; `chore` is a one-off job of another sort."""
Kind = Literal[
    "architecture",
    "debugging",
    "refactor",
    "review",
    "implement",
    "fix",
    "tests",
    "docs",
    "transform",
    "question",
    "completion",
    "chore",
    "followup",
]
"""What the work is about; a `followup` has no kind of its own."""
Ground = Literal["privacy", "ask", "rule", "phase", "hint", "text", "default"]
"""What decided a role, strongest first: privacy leaves no other; the caller asked; a rule of
`signals.toml` matched (a client's own before the phase, a generic one after it); the phase of the
conversation (a tool loop keeps its role); the model's name; the words of the turn; the configured
default."""

Afterwards = Literal["gone", "substituted", "billed-as-successor"]
"""What a name does from the day of its retirement on: it fails; another model answers under it;
another model answers, at that one's price, as announced."""
Thinking = Literal["adaptive", "budget"]
"""A model decides itself how long to think, or takes a number of tokens."""
OnRetired = Literal["refuse", "successor"]

ROLES: tuple[Role, ...] = ("plan", "review", "code", "fast", "local")
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
MAIN_DIALECTS: tuple[Dialect, ...] = ("openai.chat", "openai.responses", "anthropic.messages")
"""What nearly every provider speaks one of, and any conversation can be translated into."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where a provider speaks one dialect: the full URL to POST to, and where the key goes.

    `{model}` in the URL stands for the model's name. `authorization` takes `Bearer KEY`, the other
    headers take the bare key.
    """

    url: str
    key_header: KeyHeader = "authorization"


class Provider(Struct, frozen=True, kw_only=True):
    """An endpoint one can call, once per dialect that it speaks.

    `zone` says where data goes: `local`, a region such as `eu`, or `any`.
    `billed` is False for an engine on one's own machine: its tokens cost nothing per call.
    `prices` is the provider's id in genai-prices, where it has one.
    """

    name: str
    endpoints: dict[Dialect, Endpoint]
    zone: str = "any"
    promises: tuple[str, ...] = ()
    """What else holds there by contract, such as `zero-retention`; rules may ask for it."""
    auth: Auth = "key"
    key_env: tuple[str, ...] = ()
    """Variables that may hold the key; the first that is set wins."""
    billed: bool = True
    prices: str | None = None
    short_ids: bool = False
    """It takes only ids of tool calls that are nine letters and digits."""


class Deployment(Struct, frozen=True, kw_only=True):
    """A model at a provider: what one calls and pays for. `rates` is None where unknown."""

    provider: str
    model: str
    model_class: ModelClass | None = None
    rates: Rates | None = None
    context: int | None = None
    """Tokens that an engine on this machine reads at most; it would cut off what is beyond."""
    passed_on: str | None = None
    """The host that an engine on this machine sends the model's requests on to."""
    tools: bool | None = None
    """Whether the engine says that the model can call tools."""
    max_output: int | None = None
    """Tokens that it writes at most."""
    efforts: tuple[str, ...] | None = None
    """Levels of effort that it knows."""
    thinking: Thinking | None = None

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}"


class Traits(Struct, frozen=True, kw_only=True):
    """What an engine says of a model, as in `Deployment`; None where it says nothing.

    `passed_on` is empty where the engine says that the model is its own.
    """

    context: int | None = None
    passed_on: str | None = None
    tools: bool | None = None


class Rates(Struct, frozen=True, kw_only=True):
    """Prices in USD per million tokens for a small request, for estimates before a call.

    What a call really cost is computed by `catalogue.prices.cost` at the time of the call.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    stated: bool = False
    """Stated in `rolecall.toml`, and so in force instead of the catalogue's price."""


class Usage(Struct, frozen=True, kw_only=True):
    """Token counts as the provider reported them; names follow OpenTelemetry's GenAI conventions.

    `input_tokens` counts all input, cached parts included, whatever the dialect calls it;
    `cache_read_input_tokens` and `cache_write_input_tokens` are parts of it.
    `output_tokens` includes `reasoning_tokens`.
    """

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    reasoning_tokens: int = 0


Otherwise = Literal["refuse", "redact"]
"""Where nobody who is allowed can play: say so, or put placeholders for secrets and let it go."""


class Limit(Struct, frozen=True, kw_only=True):
    """Where a rule of privacy lets the bytes of a request go: to any one of `zones`.

    A zone, a promise or the name of a provider; the zone `local` is always among them. `says`
    tells why, and never quotes a request.
    """

    rule: str
    zones: tuple[str, ...]
    says: str
    otherwise: Otherwise = "refuse"
    carried: bool = False
    """Nothing in this request asks for it: its session has carried something that did."""

    def admits(self, provider: Provider) -> bool:
        own = (provider.name, provider.zone, *provider.promises)
        return provider.zone == "local" or any(name in self.zones for name in own)


class PrivacyRule(Struct, frozen=True, kw_only=True):
    """A rule of privacy: all that it names must hold, of each list any entry.

    `workspaces` and `people` are names; `repositories` globs of a remote's address; `paths` globs;
    `secrets` asks for a finding of the secret scanner; `terms` are plain words, `patterns` regular
    expressions (RE2). One that names none of these holds for every request.
    """

    name: str
    zones: tuple[str, ...]
    workspaces: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    secrets: bool = False
    terms: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    otherwise: Otherwise = "refuse"


class Workspace(Struct, frozen=True, kw_only=True):
    """A folder that clients are bound to by `/w/<name>/`, and the address of its git remote."""

    name: str
    path: str
    remote: str | None = None


class Rules(Struct, frozen=True, kw_only=True):
    """What privacy goes by: rules in their order, of which the first that holds decides."""

    rules: tuple[PrivacyRule, ...] = ()
    workspaces: tuple[Workspace, ...] = ()


class Signal(Struct, frozen=True, kw_only=True):
    """One fact read off a request: the rule that saw it, and a sentence for the user."""

    rule: str
    says: str


class Signals(Struct, frozen=True, kw_only=True):
    """What the structure of a request says about the work, and what its words do.

    `agent` is what an unknown client calls itself in its `User-Agent`. `kinds` holds the chance of
    each kind that the last typed turn asks for it, the likeliest first; empty where nobody typed.
    """

    client: str | None = None
    client_version: str | None = None
    agent: str | None = None
    session: str | None = None
    work: Work = "turn"
    decided_by: Signal | None = None
    """The rule that named `work`, where one did."""
    generic: bool = False
    """That rule is not about this client in particular."""
    boundary: bool = False
    """That rule lets another model play although a tool loop is open."""
    role: Role | None = None
    """The role that this rule names outright, where it does."""
    confidence: float = 1.0
    """How often that rule is right, where it was measured."""
    prompt: str | None = None
    """A digest of the system prompt, at the first turn of a conversation with a session id."""
    kinds: dict[Kind, float] = {}
    seen: tuple[Signal, ...] = ()


class Trajectory(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has happened in a conversation so far, read off its messages.

    `reads`, `searches`, `edits` and `runs` count tool calls by what they do. `steps` counts tool
    results since a person last spoke, `idle` those since the last edit that went in. `tests` is
    the last test run; `failures` counts failing runs in a row, `same_failures` how many of these
    failed as the one before did, `failure` stands for how.
    """

    messages: int = 0
    turns: int = 0
    steps: int = 0
    idle: int = 0
    reads: int = 0
    searches: int = 0
    edits: int = 0
    edits_failed: int = 0
    runs: int = 0
    tests: Literal["none", "passed", "failed"] = "none"
    failures: int = 0
    same_failures: int = 0
    failure: int = 0
    pushed_back: bool = False
    """The person's last words object to what was done."""
    pushbacks: int = 0
    compacted: bool = False
    """The conversation begins with, or contains, a summary of an earlier one."""


class Carried(Struct, frozen=True, kw_only=True):
    """What of a request reaches a deployment that speaks another dialect.

    `losses` is what is left out or told otherwise; `refused` says why it cannot be sent at all.
    """

    losses: tuple[str, ...] = ()
    refused: str | None = None


class Request(Struct, frozen=True, kw_only=True):
    """What a client asked, parsed: facts only, never a body, a prompt or a key.

    `asked_model` is the `model` value of the body; `asked_role` and `why` come from the headers
    `x-rolecall-role` and `x-rolecall-why`. `body_bytes` is the size after decompression.
    """

    dialect: Dialect
    endpoint: Literal["generate", "count_tokens"] = "generate"
    workspace: str | None = None
    person: str | None = None
    """Whose token was shown, where tokens have names."""
    limits: tuple[Limit, ...] = ()
    """What privacy asks of every provider that this request goes to."""
    redacted: int = 0
    """Secrets that placeholders stand for in what is sent."""
    lifted: tuple[Limit, ...] = ()
    """What privacy asked before they stood there."""
    asked_model: str
    asked_role: Role | None = None
    why: str | None = None
    stream: bool = False
    body_bytes: int
    messages: int
    tools: int
    max_tokens: int | None = None
    loop_open: bool = False
    """The last message is a tool's result: the model is in the middle of a tool loop."""
    trajectory: Trajectory = Trajectory()
    carried: dict[str, Carried] = {}
    """By deployment, where the request was translated for one."""
    thoughts: bool = False
    """It brings back reasoning of a model, which no other can read."""
    continues: str | None = None
    """The answer whose conversation a provider keeps, and that this request goes on with."""
    fills: bool = False
    """It asks for a text to go on, in the middle or at its end; it is no conversation."""
    signals: Signals


class Session(Struct, frozen=True, kw_only=True):
    """What is in force in a conversation before this request; nothing yet in a new one.

    `kept` is the role that a follow-up keeps: the last that was decided by words, by the model's
    name or by default. A rule or an ask says itself how long it holds.
    """

    key: str
    role: Role | None = None
    kept: Role | None = None
    deployment: str | None = None
    turns: int = 0
    players: tuple[str, ...] = ()
    """All deployments that have answered in it."""
    holder: str | None = None
    """The deployment whose provider keeps the conversation that this request goes on with."""


class Ailment(Struct, frozen=True, kw_only=True):
    """A deployment that is left alone for a while, why, and until when."""

    until: datetime
    why: str


class Snapshot(Struct, frozen=True, kw_only=True):
    """The world as one value. Everything but `at` and `health` is fixed by `version`."""

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
    policy: str = ""
    """A digest of the rules of privacy; what they look for is not kept with decisions."""


class Retirement(Struct, frozen=True, kw_only=True):
    """The end of a name at a provider: from `day` on (UTC) it no longer brings its model.

    `successor` is the deployment that the provider points to, where one is known.
    """

    day: date
    then: Afterwards = "gone"
    successor: str | None = None


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
    """Why the strongest class is deserved."""

    kind: Literal["ask", "rule", "stack"]
    says: str


class Candidate(Struct, frozen=True, kw_only=True):
    """A deployment that may play. `estimate` is USD for the input alone, None where unknown."""

    deployment: str
    model_class: ModelClass | None
    estimate: Decimal | None = None
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
    outcome: Outcome
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
