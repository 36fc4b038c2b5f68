"""What a conversation is expected to cost, and who plays for that reason."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.config.settings import ModelSettings, RoutingSettings
from rolecall.routing.decide import decide
from rolecall.routing.estimates import expected
from rolecall.routing.forecast import Ahead, Meter, ahead, breaks_even, prospect
from rolecall.routing.progress import after, settled
from rolecall.types import (
    Attempt,
    Decision,
    Economics,
    ModelClass,
    Provider,
    Rates,
    Request,
    Role,
    Session,
    Signals,
    Snapshot,
    Standing,
    Trajectory,
    Usage,
    Warm,
    place,
)
from routing.worlds import AT, world

DEAR, CHEAP, OTHER = "anthropic/dear", "openai/cheap", "openai/other"
REST = Ahead(context=100_000, growth=1_000, written=500, calls=10)
amounts = st.floats(1e-9, 1e-4)


def test_known_answer_of_the_formulas() -> None:
    """100,000 tokens at 0.5 cached, 6.25 written and 25 out, USD per million, 40,000 warm."""
    found = prospect(Meter(0.5e-6, 6.25e-6, 25e-6), REST, 40_000)
    assert found.call == pytest.approx(40_000 * 0.5e-6 + 60_000 * 6.25e-6 + 500 * 25e-6)
    assert found.turn == pytest.approx(100_000 * 0.5e-6 + 1_000 * 6.25e-6 + 500 * 25e-6)
    assert found.fee == pytest.approx(60_000 * (6.25e-6 - 0.5e-6))


@given(a=st.tuples(amounts, amounts, amounts), b=st.tuples(amounts, amounts, amounts))
def test_break_even_is_where_both_ways_cost_the_same(
    a: tuple[float, float, float], b: tuple[float, float, float]
) -> None:
    """Staying for n* calls costs what moving and n* calls there do; cheaper places always pay."""
    here, there = (prospect(Meter(min(m[:2]), max(m[:2]), m[2]), REST, 0.0) for m in (a, b))
    even = breaks_even(there.fee, here.turn, there.turn)
    if even is None:
        assert there.turn >= here.turn
    else:
        assert even * here.turn == pytest.approx(there.fee + even * there.turn, rel=1e-6)


@given(
    costs=st.lists(st.floats(0, 10), min_size=1, max_size=6),
    chances=st.lists(st.floats(0, 1), min_size=6, max_size=6),
    noticed=st.floats(0, 1),
)
def test_expected_cost_grows_with_cost_and_falls_with_the_chance(
    costs: list[float], chances: list[float], noticed: float
) -> None:
    """J is at least the cost, and never more than the cost and a silent failure."""
    chances = chances[: len(costs)]
    found = expected(costs, chances, again=0.35, noticed=noticed, silent=5.0)
    for cost, total in zip(costs, found, strict=True):
        assert cost <= total <= cost + 5.0 + 1e-9
    surer = [min(one + 0.1, 1.0) for one in chances]
    for before, then in zip(
        found, expected(costs, surer, again=0.35, noticed=noticed, silent=5.0), strict=True
    ):
        assert then <= before + 1e-9


def test_a_cascade_of_one_has_no_second() -> None:
    """Where it fails, noticed or not, that is a failure."""
    assert expected([1.0], [0.6], again=0.35, noticed=0.9, silent=5.0) == [1.0 + 0.4 * 5.0]
    assert expected([], [], again=0.35, noticed=0.9, silent=5.0) == []


def priced(given: ModelClass, read: str, cached: str, written: str) -> ModelSettings:
    return ModelSettings(
        model_class=given,
        input_price=Decimal(read),
        cache_read_price=Decimal(cached),
        output_price=Decimal(written),
    )


def stack(
    roles: dict[Role, tuple[str, ...]] | None = None, models: dict[str, ModelSettings] | None = None
) -> Snapshot:
    """A dear planner and a cheap worker, at stated prices."""
    known = {
        DEAR: priced("frontier", "5", "0.5", "25"),
        CHEAP: priced("fast", "1", "0.1", "5"),
        OTHER: priced("fast", "1", "0.1", "5"),
    }
    roles = roles or {"plan": (DEAR,), "fast": (CHEAP, OTHER)}
    names = {name for cascade in roles.values() for name in cascade}
    given = {name: one for name, one in (known | (models or {})).items() if name in names}
    return world(roles, models=given, routing=RoutingSettings(text_confidence=1))


def session(deployment: str, tokens: int, *, calls: int = 10, ago: float = 10.0) -> Session:
    """One under way, with everything cached where it plays."""
    last = AT - timedelta(seconds=ago)
    return Session(
        key="k",
        role="plan" if deployment == DEAR else "fast",
        deployment=deployment,
        turns=calls,
        last=last,
        body_bytes=tokens * 4,
        messages=20,
        tokens=tokens,
        growth=1_000,
        written=300,
        warm={deployment: Warm(tokens, last, 300.0)},
    )


def request(tokens: int, role: Role | None = None, *, loop: bool = False) -> Request:
    return Request(
        dialect="anthropic.messages",
        asked_model="rolecall/auto",
        body_bytes=tokens * 4,
        messages=21,
        tools=4,
        loop_open=loop,
        trajectory=Trajectory(turns=4, steps=0, messages=21),
        signals=Signals(role=role),
    )


def turned_to(role: Role, tokens: int, snapshot: Snapshot, before: Session) -> Decision:
    """The work turns to a role without anybody asking for it."""
    snapshot = msgspec.structs.replace(snapshot, default_role=role)
    return decide(request(tokens), snapshot, before, id="d")


def test_nobody_moves_where_reading_anew_costs_more_than_it_saves() -> None:
    """100,000 tokens cached at 0.5 a million; reading them anew costs more calls than are left.

    Dear costs 0.05 + 0.005 + 0.0075 a call, cheap 0.01 + 0.001 + 0.0015; moving costs 0.09.
    """
    few = turned_to("fast", 100_000, stack(), session(DEAR, 100_000, calls=1))
    assert few.chosen is not None
    assert few.chosen.deployment == CHEAP  # five calls are expected at least: 0.25 is saved
    dear_to_move = stack(models={CHEAP: priced("fast", "9", "0.45", "25")})
    kept = turned_to("fast", 100_000, dear_to_move, session(DEAR, 100_000))
    assert kept.chosen is not None
    assert kept.chosen.deployment == DEAR
    assert kept.chosen.justification is not None
    assert kept.chosen.justification.kind == "cache"
    assert "costs $0.855 for reading the conversation anew" in kept.notes[0]
    assert kept.cascade[1].forecast is not None
    assert kept.cascade[1].forecast.breaks_even is not None
    assert kept.cascade[1].forecast.breaks_even > kept.calls_left


def test_a_cold_cache_is_no_reason_to_stay() -> None:
    """After 20 min everybody reads anew."""
    dear_to_move = stack(models={CHEAP: priced("fast", "4", "0.45", "20")})
    found = turned_to("fast", 100_000, dear_to_move, session(DEAR, 100_000, ago=1200))
    assert found.chosen is not None
    assert found.chosen.deployment == CHEAP
    assert found.notes == ()


def standings(topic: str, **own: Standing) -> dict[str, Standing]:
    names = {"cheap": CHEAP, "other": OTHER, "dear": DEAR}
    return {place(topic, names[name]): one for name, one in own.items()}


GOOD = Standing(accepted=95, failed=1, passed=95, lost=1, bound=0.05)
BAD = Standing(accepted=20, failed=40, passed=20, lost=40, bound=0.75)


def first(snapshot: Snapshot, role: Role = "fast", tokens: int = 5_000) -> str:
    snapshot = msgspec.structs.replace(snapshot, default_role=role)
    fresh = msgspec.structs.replace(request(tokens), trajectory=Trajectory(turns=1, messages=1))
    decision = decide(fresh, snapshot, Session(key="k"), id="d")
    assert decision.chosen is not None
    return decision.chosen.deployment


def with_(snapshot: Snapshot, found: dict[str, Standing]) -> Snapshot:
    return msgspec.structs.replace(snapshot, standings=found)


def test_the_stack_is_followed_until_outcomes_say_better() -> None:
    """Public evidence alone moves nobody, nor do a few outcomes, nor equal ones."""
    assert first(stack()) == CHEAP
    assert first(with_(stack(), standings("any fast", cheap=BAD))) == CHEAP  # the other: unmeasured
    few = Standing(accepted=9, passed=9, bound=0.28)
    assert first(with_(stack(), standings("any fast", cheap=BAD, other=few))) == CHEAP
    assert first(with_(stack(), standings("any fast", cheap=GOOD, other=GOOD))) == CHEAP
    assert first(with_(stack(), standings("any fast", cheap=BAD, other=GOOD))) == OTHER
    assert first(with_(stack(), standings("any plan", cheap=BAD, other=GOOD))) == CHEAP


def test_who_goes_before_the_first_is_told_why() -> None:
    """In one line with both figures; one that goes on where a cache went cold is told nothing."""
    measured = with_(stack(), standings("any fast", cheap=BAD, other=GOOD))
    measured = msgspec.structs.replace(measured, default_role="fast")
    fresh = msgspec.structs.replace(request(5_000), trajectory=Trajectory(turns=1, messages=1))
    (says,) = decide(fresh, measured, Session(key="k"), id="d").notes
    assert says.startswith(f"{OTHER} goes before {CHEAP}: by 96 and 60 outcomes of yours $")
    both = stack({"plan": (CHEAP, DEAR)})
    planning = msgspec.structs.replace(both, default_role="plan")
    rested = decide(request(5_000), planning, session(DEAR, 5_000, ago=86_400), id="d")
    assert rested.chosen is not None
    assert rested.chosen.deployment == DEAR
    assert rested.chosen.justification is not None
    assert rested.chosen.justification.kind == "stack"
    assert rested.notes == ()


def test_waiting_costs_what_the_user_says() -> None:
    """An hour of 60 USD, a minute a call and five calls: 5 USD more than without."""
    slow = msgspec.structs.replace(stack(), paces={CHEAP: 60.0}, default_role="fast")
    fresh = msgspec.structs.replace(request(5_000), trajectory=Trajectory(turns=1, messages=1))
    worth = []
    for hour in (0.0, 60.0):
        priced_ = msgspec.structs.replace(slow, economics=Economics(hour=hour))
        chosen = decide(fresh, priced_, Session(key="k"), id="d").cascade[0]
        assert chosen.forecast is not None
        assert chosen.forecast.expected is not None
        worth.append(chosen.forecast.expected)
    assert worth[1] - worth[0] == pytest.approx(5.0, abs=1e-5)


def test_a_weaker_class_goes_first_only_where_its_failures_are_bounded() -> None:
    """Cheaper and measured is not enough: the bound has to be within what is allowed."""
    both = stack({"plan": (DEAR, CHEAP)})
    loose = msgspec.structs.replace(GOOD, bound=0.2)
    refuted = msgspec.structs.replace(GOOD, refuted=True)
    for own, plays in ((GOOD, CHEAP), (loose, DEAR), (refuted, DEAR)):
        known = standings("any plan", dear=GOOD, cheap=own)
        assert first(with_(both, known), "plan", 100_000) == plays


def test_usage_corrects_the_forecast() -> None:
    """Sizes come from what the provider counted, and a client that caches nothing pays in full."""
    snapshot = stack()
    before, asked = session(DEAR, 10_000), request(10_000)
    usage = Usage(input_tokens=20_000, output_tokens=900)
    answered = Attempt(
        deployment=DEAR, started=AT, outcome="answered", usage=usage, cost=Decimal("0.1")
    )
    decision = decide(asked, snapshot, before, id="d")
    rates = Rates(
        input=Decimal(5),
        output=Decimal(25),
        cache_read=Decimal("0.5"),
        cache_write=Decimal("6.25"),
    )
    provider = Provider(name="anthropic", endpoints={})
    then = settled(
        after(before, asked, decision, DEAR), asked, answered, provider, rates, extra=None
    )
    assert (then.tokens, then.writes, then.warm[DEAR].tokens) == (20_000, False, 0)
    assert ahead(request(11_000), then).context == pytest.approx(22_000)
    assert then.spent == Decimal("0.1")


@pytest.mark.parametrize("tokens", [0, 10**15])
def test_absurd_counts_and_no_usage_harm_nothing(tokens: int) -> None:
    """Nothing is divided by nothing, and nobody crashes."""
    odd = msgspec.structs.replace(session(DEAR, 1_000), tokens=tokens, body_bytes=tokens and 1)
    decision = decide(request(5), stack(), odd, id="d")
    assert decision.chosen is not None
    provider = Provider(name="anthropic", endpoints={})
    silent = Attempt(deployment=DEAR, started=AT, outcome="answered")
    then = after(odd, request(5), decision, DEAR)
    unknown = settled(then, request(5), silent, provider, None, None)
    assert unknown.tokens == tokens
    assert unknown.turn is not None
    assert (unknown.turn.calls, unknown.turn.cost) == (1, None)
    counting = msgspec.structs.replace(request(5), endpoint="count_tokens")
    assert settled(then, counting, silent, provider, None, None) is then


def test_a_clock_that_jumps_back_makes_nothing_colder() -> None:
    """What was used in the future is warm now; what was used long ago is not."""
    planning = msgspec.structs.replace(stack(), default_role="plan")
    for ago, cause, fee in ((-86_400, "turn", 0.0), (86_400, "idle", 50_000 * 4.5e-6)):
        decision = decide(request(50_000), planning, session(DEAR, 50_000, ago=ago), id="d")
        assert decision.boundary is not None
        assert decision.boundary.cause == cause
        assert decision.chosen is not None
        assert decision.chosen.forecast is not None
        assert decision.chosen.forecast.fee == pytest.approx(fee)


def test_prices_that_change_in_mid_session_count_from_then_on() -> None:
    """The next decision forecasts by the new price, and the session keeps what it has spent."""
    cheaper = stack(models={DEAR: priced("frontier", "1", "0.1", "5")})
    before = session(DEAR, 50_000)
    old, new = (
        decide(
            request(50_000, "plan"), msgspec.structs.replace(w, default_role="plan"), before, id="d"
        )
        for w in (stack(), cheaper)
    )
    assert old.chosen is not None
    assert new.chosen is not None
    assert old.chosen.forecast is not None
    assert new.chosen.forecast is not None
    assert new.chosen.forecast.turn == pytest.approx(old.chosen.forecast.turn / 5, rel=0.01)


def test_large_requests_are_forecast_at_the_prices_of_large_ones() -> None:
    """grok-4.3 costs twice as much from 200,000 tokens on, as xAI's price list has it."""
    home = world({"code": ("xai/grok-4.3",)}, routing=RoutingSettings(text_confidence=1))
    rates = home.deployments["xai/grok-4.3"].rates
    assert rates is not None
    (larger,) = rates.larger
    assert larger.input == 2 * rates.input
    small, large = (
        decide(
            msgspec.structs.replace(request(tokens), dialect="openai.chat"),
            home,
            Session(key="k"),
            id="d",
        )
        for tokens in (150_000, 250_000)
    )
    assert small.chosen is not None
    assert large.chosen is not None
    assert small.chosen.forecast is not None
    assert large.chosen.forecast is not None
    per_token = [
        found.call / tokens
        for found, tokens in ((small.chosen.forecast, 150_000), (large.chosen.forecast, 250_000))
    ]
    assert per_token[1] == pytest.approx(2 * per_token[0], rel=0.01)


def test_where_one_plays_free_of_charge_it_is_forecast_as_free() -> None:
    """An engine of one's own has no price, and is not unknown."""
    home = world({"code": ("ollama/a",)}, routing=RoutingSettings(text_confidence=1))
    decision = decide(request(5_000), home, Session(key="k"), id="d")
    assert decision.chosen is not None
    assert decision.chosen.forecast is not None
    assert decision.chosen.forecast.call == 0
