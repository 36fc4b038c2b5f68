"""Secrets are found where people leave them, and ordinary work raises no alarm."""

from __future__ import annotations

import base64
import random
import string
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.privacy.secrets import Assignments, SecretScanner, load_lexicon

LETTERS = string.ascii_letters + string.digits
HEX = string.hexdigits[:16]
draw = random.Random(20)


def drawn(length: int, alphabet: str = LETTERS) -> str:
    return "".join(draw.choices(alphabet, k=length))


RANDOM, WEAK, PAT = drawn(24), f"Falcon{draw.randint(10, 99)}!", f"ghp_{drawn(36)}"
ENCODED = base64.b64encode(f"svc:{RANDOM}".encode()).decode()
TOKEN = ".".join(("eyJ" + drawn(20), "eyJ" + drawn(50), drawn(43)))
PLACES = {
    "an environment file": ("DB_PASSWORD=", WEAK, "\n"),
    "an export": ('export API_KEY="', RANDOM, '"\n'),
    "a diff": ("+SECRET_KEY=", RANDOM, "\n"),
    "numbered lines": ("    12\tspring.datasource.password = ", WEAK, "\n    13\tx = 1"),
    "lines with arrows": ("    12→  password: ", WEAK, "\n"),
    "YAML": ("db:\n  user: app\n  password: ", RANDOM, "\n"),
    "a manifest": ("- name: DB_PASSWORD\n  value: ", RANDOM, "\n"),
    "JSON": ('{"client_secret": "', RANDOM, '"}'),
    "JSON in a string": (r"{\"password\": \"", RANDOM, r"\"}"),
    "Python": ("connect(host='db', password='", WEAK, "', port=1)"),
    "TypeScript": ("const apiKey: string = '", drawn(32, HEX), "';"),
    "Go": ('\ttoken := "', RANDOM, '"\n'),
    "XML": ("<password>", RANDOM, "</password>"),
    "a bearer header": ("Authorization: Bearer ", RANDOM, "\n"),
    "a token header": ("Authorization: Token ", drawn(40, HEX), "\n"),
    "a basic header": ("-H 'Authorization: Basic ", ENCODED, "'"),
    "a docker login": ('{"auth": "', ENCODED, '"}'),
    "an option": ("tool login --password ", WEAK, " --yes"),
    "a database client": ("mysql -u root -p'", WEAK, "' app"),
    "a variable before a command": ("PGPASSWORD=", WEAK, " psql -h db"),
    "a connection string": ("Server=db;User Id=sa;Password=", WEAK, ";Encrypt=true"),
    "netrc": ("machine db login app password ", WEAK, "\n"),
    "npmrc": ("//packages.internal/:_authToken=", RANDOM, "\n"),
    "a query": ("https://db.internal/v1?api_key=", RANDOM, "&page=2"),
    "prose": ("the password is ", WEAK, " by the way"),
    "SQL": ("ALTER ROLE app WITH PASSWORD '", RANDOM, "';"),
    "a pair": ('requests.get(url, auth=("svc", "', RANDOM, '"))'),
    "a table": ("| password | ", RANDOM, " |\n"),
    "a prompt": ("Password for admin: ", WEAK, "\n"),
    "a bot": ("bot ", f"{drawn(9, string.digits)}:AA{drawn(33)}", "\n"),
    "a webhook": (f"/api/webhooks/{drawn(18, string.digits)}/", drawn(68), "\n"),
    "a JWT": ("session ", TOKEN, ")"),
    "a URL that kingfisher knows": ("postgres://app:", RANDOM, "@db/app"),
    "a URL that it does not know": ("nats://app:", WEAK, "@db:4222"),
    "a key with a prefix": ("use sk-proj-", drawn(48), " for now"),
    "a vendor's format": ("x = '", PAT, "'"),
}
INNOCENT = (
    "password = os.environ['DB_PASSWORD_1']",
    "DB_PASSWORD=changeme",
    "password: ${DB_PASSWORD}",
    "password: {{ vault_password_2 }}",
    'password="test1234"',
    "Authorization: Bearer <token>",
    "postgres://user:password@localhost:5432/db",
    "postgres://postgres:postgres@localhost/db",
    "API_KEY=your-api-key-here",
    "Authorization: Basic abcdefghi",
    "TOKEN=xxxxxxxxxxxxxxxxxxxxxxxx",
    "def login(password: str, token: str | None = None) -> bool:",
    "token = self.next_token(state1)",
    "password_min_length = 12",
    "token_url = 'https://auth.internal/oauth2/token'",
    "the password must have 8 characters",
    '{"password": "Passwort", "token": "Zugriff"}',
    '{"password": {"type": "string", "minLength": 8}}',
    "password_file = /run/secrets/password_1",
    "color: #a1b2c3; --token-color: #d4e5f6;",
    f"commit {drawn(40, HEX)}",
    f'"integrity": "sha512-{drawn(86)}=="',
    f"NextToken: '{drawn(40)}'",
    f"token-types@5.0.1: sha512-{drawn(86)}==",
    f'<img src="data:image/png;base64,{drawn(400)}">',
)


@pytest.fixture(scope="session")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> SecretScanner:
    return SecretScanner(str(tmp_path_factory.mktemp("rules")))


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_found_where_people_leave_it(scanner: SecretScanner, place: str) -> None:
    """The offsets hold all of the secret, in bytes, after text that is not ASCII as well."""
    before, secret, after = PLACES[place]
    start = len(f"é → {before}".encode())
    for lead in (f"é → {before}", f"é →\n{before}"):
        data = f"{lead}{secret}{after}".encode()
        spans = [(found.start, found.end) for found in scanner.find(data)]
        whole = start - 8 if place == "a key with a prefix" else start
        assert spans == [(whole, start + len(secret))]


@pytest.mark.parametrize("text", INNOCENT)
def test_ordinary_work_raises_no_alarm(scanner: SecretScanner, text: str) -> None:
    """Placeholders, look-ups, hashes and code about passwords are no secrets."""
    assert scanner.find(f"{text}\n".encode()) == []


@pytest.mark.parametrize("comment", ["# kingfisher:ignore", "# gitleaks:allow", "// nosec"])
def test_no_comment_switches_a_rule_off(scanner: SecretScanner, comment: str) -> None:
    """A repository cannot vouch for its own secrets."""
    assert [found.rule for found in scanner.find(f"x = '{PAT}'  {comment}\n".encode())] == [
        "github-pat"
    ]


@pytest.mark.parametrize("times", [1, 2])
def test_base64_hides_nothing(scanner: SecretScanner, times: int) -> None:
    """The finding covers the encoded text."""
    text = f"token = {PAT}\n".encode()
    for _ in range(times):
        text = base64.b64encode(text)
    (found,) = scanner.find(b"data: " + text + b"\n")
    assert (found.rule, found.start, found.end) == ("github-pat", 6, 6 + len(text))


@pytest.mark.parametrize("lead", [b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"a\0" * 400])
def test_text_that_looks_like_another_encoding_is_read(scanner: SecretScanner, lead: bytes) -> None:
    """Zero bytes make kingfisher take text for UTF-16, in which it would find nothing."""
    (found,) = scanner.find(lead + b" k=" + PAT.encode() + b"\n")
    assert found.start == len(lead) + 3


@pytest.mark.parametrize("prefix", ["", "      ", "+", "    12\t", "    12→", "> "])
@pytest.mark.parametrize("lines", [4, 24])
def test_a_private_key_is_found_in_any_listing(
    scanner: SecretScanner, prefix: str, lines: int
) -> None:
    """Whole, or cut off by a tool that returns the first lines of a file."""
    key = ["-----BEGIN RSA PRIVATE KEY-----", *(drawn(64) for _ in range(lines))]
    (found,) = scanner.find("\n".join(prefix + line for line in key).encode())
    assert found.rule == "private-key"


def test_both_halves_of_a_credential_are_found(scanner: SecretScanner) -> None:
    """The secret half has no format of its own; its name gives it away."""
    name = "AKIA" + drawn(16, string.ascii_uppercase + "234567")
    secret = drawn(40)
    data = f"aws_access_key_id = {name}\naws_secret_access_key = {secret}\n".encode()
    assert [data[found.start : found.end].decode() for found in scanner.find(data)] == [
        name,
        secret,
    ]


def test_findings_are_in_order_and_apart(scanner: SecretScanner) -> None:
    """What two rules find in one place is one finding."""
    data = f"API_KEY={PAT}\nDB_PASSWORD={WEAK}\nurl = postgres://a:{RANDOM}@db/x\n".encode()
    found = scanner.find(data)
    assert len(found) == 3
    assert all(one.end <= two.start for one, two in pairwise(found))


@given(data=st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_can_be_scanned(data: bytes) -> None:
    """Our own rules keep within the data, whatever it is."""
    rules = Assignments(load_lexicon())
    text = b"password=" + data + b"\ntoken: '" + data + b"' --password " + data
    assert all(0 <= one.start < one.end <= len(text) for one in rules.find(text))


def test_without_a_folder_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise kingfisher would keep its compiled rules where the environment says."""
    monkeypatch.setenv("KF_RULE_CACHE_DIR", str(tmp_path))
    assert SecretScanner().find(f"x = '{PAT}'".encode())
    assert not list(tmp_path.iterdir())
