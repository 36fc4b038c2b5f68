"""What a file may say, read in this process: values, names, keys, and what is built of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.config.build import build, keys
from rolecall.config.load import load, tables
from rolecall.config.propose import Engine, hosted, propose, uses_embedded, with_embedded
from rolecall.config.settings import ProviderSettings, Settings
from rolecall.errors import ConfigError
from rolecall.types import Snapshot
from routing.worlds import AT, KNOWN

UP = """
[providers.up]
base_url = "http://127.0.0.1:9/v1"
dialects = ["openai.chat"]
auth = "none"
"""
STACK = '[roles]\ncode = ["up/m"]\n' + UP


def world(settings: Settings) -> Snapshot:
    return build(settings, KNOWN, rules="r", at=AT)


def built(folder: Path, text: str) -> Snapshot:
    file = folder / "rolecall.toml"
    file.write_text(text)
    return world(load(file))


WRONG = {
    "port": ("[server]\nport = 70000", "server.port: Expected `int` <= 65535"),
    "size": ("[server]\nmax_body_mib = 0", "server.max_body_mib: Expected `float` > 0"),
    "endless size": ("[server]\nmax_body_mib = inf", "server.max_body_mib: Expected `float` <= 4"),
    "time": ("[timeouts]\nsilence = -1", "timeouts.silence: Expected `float` > 0"),
    "no time": ("[timeouts]\nconnect = nan", "timeouts.connect: Expected `float`"),
    "hosts": ('[server]\nallowed_hosts = "a"', "server.allowed_hosts: Expected `array`, got `str`"),
    "table": ("server = 3", "server: Expected `object`, got `int`"),
    "default": (
        '[routing]\ndefault_role = "boss"',
        "routing.default_role: 'boss' is none of plan, review, code, fast, local",
    ),
    "work": (
        '[routing.work]\ntitel = "fast"',
        "unknown key [routing.work] titel; did you mean 'title'?",
    ),
    "work's role": (
        '[routing.work]\ntitle = "quick"',
        "routing.work.title: 'quick' is none of plan, review, code, fast, local",
    ),
    "cascade": ('[roles]\ncode = "up/m"', "roles.code: Expected `array`, got `str`"),
    "empty cascade": ("[roles]\ncode = []", "[roles] names no deployment; give at least code"),
    "no model": ('[roles]\ncode = ["up/"]', "[roles] code names 'up/'; write it as"),
    "no provider": ('[roles]\ncode = ["/m"]', "[roles] code names '/m'; write it as"),
    "provider": ("[providers]\nup = 3", "providers.up: Expected `object`, got `int`"),
    "billed": (STACK + 'billed = "no"', "providers.up.billed: Expected `bool | null`, got `str`"),
    "auth": (STACK.replace('"none"', '"bearer"'), "providers.up.auth: 'bearer' is none of key,"),
    "dialect": (
        STACK.replace("openai.chat", "openai"),
        "providers.up.dialects[0]: 'openai' is none of openai.chat, openai.responses, anthropic.",
    ),
    "endpoint": (
        STACK + '[providers.up.endpoints]\n"openai.chats" = "http://h"',
        "unknown key [providers.up.endpoints] openai.chats; did you mean 'openai.chat'?",
    ),
    "no scheme": (STACK.replace("http://", ""), "[providers.up] base_url is '127.0.0.1:9/v1'"),
    "other scheme": (STACK.replace("http", "ftp"), "write it like 'https://host/v1'"),
    "no port": (STACK.replace(":9/", ":99999/"), "[providers.up] base_url is"),
    "no address": (STACK.replace("127.0.0.1:9", "[::1"), "[providers.up] base_url is"),
    "endpoint's address": (
        STACK + '[providers.up.endpoints]\n"openai.responses" = "h/v1"',
        "[providers.up] openai.responses is 'h/v1'; write it like 'https://host/v1'",
    ),
    "no key_env": (
        STACK.replace('auth = "none"', ""),
        '[providers.up] needs key_env, or auth = "none" or "client"',
    ),
    "half a price": (
        STACK + '[models."up/m"]\ninput_price = 3',
        "[models.'up/m'] needs input_price and output_price, both or neither",
    ),
    "cache price alone": (
        STACK + '[models."up/m"]\ncache_read_price = 3',
        "[models.'up/m'] needs input_price and output_price, both or neither",
    ),
    "price": (
        STACK + '[models."up/m"]\ninput_price = -1\noutput_price = 1',
        "[models.'up/m'] has a price that is none; write USD per million tokens",
    ),
    "no number": (
        STACK + '[models."up/m"]\ninput_price = nan\noutput_price = inf',
        "[models.'up/m'] has a price that is none; write USD per million tokens",
    ),
    "model's key": (
        STACK + '[models."up/m"]\nclas = "fast"',
        "unknown key [models.up/m] clas; did you mean 'class'?",
    ),
    "depth": ("a = " + "[" * 5000, "is not valid TOML"),
    "own name": ('source = "x"', "unknown key [source]; "),
}


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG)
def test_mistake_names_file_place_and_mend(tmp_path: Path, text: str, says: str) -> None:
    """One line: the file, the table and key, and what would be right."""
    with pytest.raises(ConfigError) as caught:
        built(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'rolecall.toml'}: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_misspelt_key_is_caught(tmp_path: Path) -> None:
    """In each table each key with a letter too many is unknown, and the right one is named."""
    for table, names in tables().items():
        for name in names:
            header = table.replace("NAME", '"up/m"')
            with pytest.raises(ConfigError, match=f"did you mean '{name}'"):
                built(tmp_path, f"[{header}]\n{name}x = 1\n")


@given(data=st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Whatever stands in the file, nothing but a `ConfigError` is raised."""
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(data)
    try:
        assert isinstance(load(file), Settings)
    except ConfigError as error:
        assert str(file) in str(error)  # noqa: PT017 (comments and empty files are read)


def test_preset_can_be_changed_in_part(tmp_path: Path) -> None:
    """What is not written comes from the preset: the URLs, the name of the key, the prices."""
    text = '[roles]\ncode = ["openai/gpt-6.1-sol"]\n[providers.openai]\nzone = "us"\n'
    changed = built(tmp_path, text + 'dialects = ["openai.responses"]').providers["openai"]
    preset = built(tmp_path, '[roles]\ncode = ["openai/gpt-6.1-sol"]').providers["openai"]
    assert (changed.zone, list(changed.endpoints)) == ("us", ["openai.responses"])
    assert changed.endpoints["openai.responses"] == preset.endpoints["openai.responses"]
    assert (changed.key_env, changed.prices) == (preset.key_env, "openai")


def test_own_endpoints_stand_beside_the_base(tmp_path: Path) -> None:
    """Paths follow from `base_url`, with or without a slash; `endpoints` are taken as they are."""
    text = STACK.replace("/v1", "/v1/") + 'zone = "eu"\nbilled = false\n'
    more = '[providers.up.endpoints]\n"anthropic.messages" = "https://h/x?y=1"'
    up = built(tmp_path, text + more).providers["up"]
    assert up.endpoints["openai.chat"].url == "http://127.0.0.1:9/v1/chat/completions"
    assert up.endpoints["anthropic.messages"].url == "https://h/x?y=1"
    assert up.endpoints["anthropic.messages"].key_header == "x-api-key"
    assert (up.zone, up.billed, up.auth) == ("eu", False, "none")


def test_engines_are_local_and_free(tmp_path: Path) -> None:
    """An engine's preset needs no table, sends no key, and its data stays at home."""
    ollama = built(tmp_path, '[roles]\nlocal = ["ollama/a:1b"]').providers["ollama"]
    assert (ollama.zone, ollama.auth, ollama.billed) == ("local", "none", False)
    assert ollama.endpoints["openai.chat"].url == "http://127.0.0.1:11434/v1/chat/completions"


@pytest.mark.parametrize("value", ["", " \n", None])
def test_blank_key_is_no_key(value: str | None) -> None:
    """An empty variable is like none, for a proposal and for a start."""
    settings = Settings(roles={"code": ("openai/gpt-6.1-sol",)})
    environ = {} if value is None else {"OPENAI_API_KEY": value}
    assert hosted(KNOWN.presets, environ) == []
    with pytest.raises(ConfigError, match="needs its key in OPENAI_API_KEY, which is not set"):
        keys(settings, world(settings), environ)


@pytest.mark.parametrize("value", ["sk-1\nsk-2", "sk-\x00", "sk-ü"])
def test_key_that_is_none_is_refused_and_not_shown(value: str) -> None:
    """It would become part of a header; the message names the variable and never the key."""
    settings = Settings(roles={"code": ("openai/gpt-6.1-sol",)})
    with pytest.raises(ConfigError, match="OPENAI_API_KEY, which holds a line break") as caught:
        keys(settings, world(settings), {"OPENAI_API_KEY": value})
    assert "sk-" not in str(caught.value)


def test_first_variable_that_is_set_wins() -> None:
    """A provider may go by two names in the environment."""
    settings = Settings(roles={"code": ("google/gemini-4-argon",)})
    found = keys(settings, world(settings), {"GEMINI_API_KEY": " ", "GOOGLE_API_KEY": "g"})
    assert found == {"google": "g"}


def test_client_and_open_providers_need_no_key() -> None:
    """`auth = "client"` passes what the client shows; an engine asks for nothing."""
    settings = Settings(
        roles={"code": ("anthropic/claude-sonnet-5-5", "ollama/m")},
        providers={"anthropic": ProviderSettings(auth="client")},
    )
    assert keys(settings, world(settings), {}) == {}


@pytest.mark.parametrize("name", KNOWN.presets)
def test_every_key_alone_gives_a_stack(name: str) -> None:
    """Whoever has one key can start: each role but `local` is played, and each model is known."""
    preset = KNOWN.presets[name]
    settings = propose(hosted(KNOWN.presets, {preset.key_env[0]: "k"}), [])
    snapshot = world(settings)
    assert set(snapshot.stack) == {"plan", "review", "code", "fast"}
    assert set(snapshot.providers) == {name}
    assert keys(settings, snapshot, {preset.key_env[0]: "k"}) == {name: "k"}


def test_engines_beside_each_other_form_one_cascade() -> None:
    """The first model of each plays, in the order they were found; one without models does not."""
    engines = [
        Engine(name="ollama", models=("a", "b")),
        Engine(name="vllm", models=()),
        Engine(name="lmstudio", models=("v/c",)),
    ]
    snapshot = world(propose([], engines))
    assert set(snapshot.stack.values()) == {("ollama/a", "lmstudio/v/c")}
    assert propose([], engines[1:2]) == propose([], [])


def test_embedded_engine_is_used_where_it_is_named() -> None:
    """A stack may name it; once its address is known it is a provider like any other."""
    settings = Settings(roles={"fast": ("embedded/smollm2-135m",)})
    assert uses_embedded(settings)
    running = with_embedded(settings, "http://127.0.0.1:5/v1")
    assert not uses_embedded(running)
    assert world(running).providers["embedded"].zone == "local"


def test_order_of_tables_is_no_content(tmp_path: Path) -> None:
    """A file that says the same in another order is the same version; a cascade's order counts."""
    one = built(tmp_path, '[roles]\ncode = ["up/m", "up/n"]\nfast = ["up/o"]\n' + UP)
    same = built(tmp_path, UP + '[roles]\nfast = ["up/o"]\ncode = ["up/m", "up/n"]\n')
    other = built(tmp_path, UP + '[roles]\nfast = ["up/o"]\ncode = ["up/n", "up/m"]\n')
    assert one.version == same.version != other.version


def test_each_part_of_the_world_is_in_its_version(tmp_path: Path) -> None:
    """Zone, class, price, work, default role, URL and rules: each change is another version."""
    model = '[models."up/m"]\n'
    versions = {
        built(tmp_path, text).version
        for text in (
            STACK,
            STACK + 'zone = "eu"',
            STACK.replace(":9", ":10"),
            STACK + model + 'class = "fast"',
            STACK + model + "input_price = 1\noutput_price = 1",
            STACK + '[routing]\ndefault_role = "fast"',
            STACK + '[routing.work]\ntitle = "code"',
        )
    }
    versions.add(build(load(tmp_path / "rolecall.toml"), KNOWN, rules="r2", at=AT).version)
    assert len(versions) == 8


def test_settings_survive_json() -> None:
    """What was proposed can be shown to a program."""
    settings = propose([], [])
    assert msgspec.json.decode(msgspec.json.encode(settings), type=Settings) == settings
