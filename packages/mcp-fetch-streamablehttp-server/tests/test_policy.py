"""Which URLs the policy refuses by their text: schemes, hosts, ports, domain lists, addresses in every spelling."""

from __future__ import annotations

import ipaddress

import pytest
from mcp_fetch_streamablehttp_server import UrlPolicy, UrlRefusedError, validate_url
from mcp_fetch_streamablehttp_server.addresses import Reach, literal, reach_of
from mcp_fetch_streamablehttp_server.policy import normal_host

REFUSED = [
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0x7f.1",
    "017700000001",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "0.0.0.0",
    "169.254.169.254",
    "metadata.google.internal",
    "100.64.0.1",
    "172.16.0.1",
    "[fd00::1]",
    # Beyond the list of the specification: other spellings and blocks.
    "LOCALHOST.",
    "a.localhost",
    "printer.local",
    "nas.home.arpa",
    "127.1",
    "0177.0.0.1",
    "0x7f000001",
    "0",
    "10.0.0.1",
    "192.168.1.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "[::]",
    "[::7f00:1]",
    "[::ffff:a9fe:a9fe]",
    "[2001:0:1::1]",
    "[2001:db8::1]",
    "[64:ff9b:1::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[2002:a9fe:a9fe::]",
    "[64:ff9b::a9fe:a9fe]",
    "\uff11\uff12\uff17.0.0.1",
    "127。0。0。1",
    "①②⑦.0.0.1",
]
ALLOWED = [
    "172.217.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "8.8.8.8",
    "134744072",
    "[2606:4700::1]",
    "[64:ff9b::808:808]",
    "[2002:808:808::1]",
    "[::ffff:8.8.8.8]",
    "example.com",
    "localhost.example.com",
    "notlocalhost",
    "internal.example",
    "my_host.example",
    "0x7f.example",
]


@pytest.mark.parametrize("host", REFUSED)
def test_address_that_is_not_public_is_refused(host: str):
    with pytest.raises(ValueError, match="rule `address`"):
        validate_url(f"http://{host}/")


@pytest.mark.parametrize("host", ALLOWED)
def test_public_host_is_allowed(host: str):
    assert validate_url(f"http://{host}/").startswith("http://")


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:alert(1)", "//example.com/", "x"],
)
def test_scheme_that_is_not_listed_is_refused(url: str):
    with pytest.raises(UrlRefusedError, match="rule `scheme`") as refusal:
        validate_url(url)
    assert refusal.value.rule == "scheme"


def test_schemes_can_be_narrowed():
    policy = UrlPolicy(schemes=("HTTPS",))
    assert validate_url("HTTPS://example.com/", policy) == "https://example.com/"
    with pytest.raises(ValueError, match="only https URLs"):
        validate_url("http://example.com/", policy)


def test_scheme_without_known_port_is_refused_even_when_listed():
    with pytest.raises(ValueError, match="rule `scheme`"):
        validate_url("ftp://example.com/", UrlPolicy(schemes=("ftp",)))


@pytest.mark.parametrize("url", ["http://user@example.com/", "http://a:b@example.com/", "http://example.com@10.0.0.1/"])
def test_userinfo_is_refused(url: str):
    with pytest.raises(ValueError, match="rule `userinfo`"):
        validate_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http:///path",
        "http://:80/",
        "http://./",
        "http://a..b/",
        "http://exa mple.com/",
        "http://exa\\mple.com/",
        "http://example.com\\.evil.example/",
        "http://a%31.com/",
        "http://[::1/",
        "http://[::1%25lo]/",
        "http://[2606:4700::1%eth0]/",
        "http://[v1.x]/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://09.0.0.1/",
        f"http://{'a' * 64}.com/",
        f"http://{'a.' * 130}com/",
        "http://xn--\u00df\ud800.com/",
        "http://example.com/\r\nX: y",
        "http://example.com/\x00",
        "http://exam\tple.com/",
    ],
)
def test_malformed_host_is_refused(url: str):
    with pytest.raises(UrlRefusedError) as refusal:
        validate_url(url)
    assert refusal.value.rule in ("host", "address")


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "x", "\uff18\uff10", "080000"])
def test_port_that_is_no_port_is_refused(port: str):
    with pytest.raises(ValueError, match="rule `port`"):
        validate_url(f"http://example.com:{port}/")


@pytest.mark.parametrize("port", [22, 25, 6379, 11211, 3000, 65535])
def test_port_beyond_the_web_is_refused(port: int):
    with pytest.raises(ValueError, match=f"port {port} is not among 80, 443, 8080, 8443"):
        validate_url(f"http://example.com:{port}/")


@pytest.mark.parametrize("port", [80, 443, 8080, 8443])
def test_port_of_the_web_is_allowed(port: int):
    assert validate_url(f"https://example.com:{port}/x").endswith("/x")


def test_ports_can_be_chosen():
    policy = UrlPolicy(ports=frozenset({9000}))
    assert validate_url("http://example.com:9000/", policy) == "http://example.com:9000/"
    with pytest.raises(ValueError, match="rule `port`"):
        validate_url("http://example.com/", policy)


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("http://EXAMPLE.com./a", "http://example.com/a"),
        ("http://bücher.example/ü?q=ü", "http://xn--bcher-kva.example/%C3%BC?q=%C3%BC"),
        ("http://faß.example/", "http://xn--fa-hia.example/"),
        ("  http://example.com:80/#part ", "http://example.com/"),
        ("http://example.com:/", "http://example.com/"),
        ("https://example.com:8443", "https://example.com:8443/"),
        ("http://134744072/", "http://8.8.8.8/"),
        ("http://[2606:4700:0:0::0001]:8080/", "http://[2606:4700::1]:8080/"),
    ],
)
def test_url_is_normalized(url: str, normal: str):
    assert validate_url(url).rstrip("/") == normal.rstrip("/")


def test_domain_lists_match_whole_labels():
    policy = UrlPolicy(allowed_domains=("example.com", "*.Bücher.example", "8.8.8.8"))
    for host in ("example.com", "a.example.com", "a.b.EXAMPLE.com.", "xn--bcher-kva.example", "8.8.8.8"):
        validate_url(f"http://{host}/", policy)
    for host in ("badexample.com", "example.com.evil.example", "example.org", "1.1.1.1"):
        with pytest.raises(ValueError, match="rule `domain`"):
            validate_url(f"http://{host}/", policy)


def test_blocked_domains_win():
    policy = UrlPolicy(
        allowed_domains=("example.com",),
        blocked_domains=(".private.example.com", "blocked.test"),
        allow_hosts=[("blocked.test", 80)],
    )
    validate_url("http://example.com/", policy)
    for host in ("private.example.com", "a.private.example.com", "blocked.test"):
        with pytest.raises(ValueError, match="the domain is blocked"):
            validate_url(f"http://{host}/", policy)


def test_exceptions_are_exact_hosts_and_ports():
    policy = UrlPolicy(allow_hosts=[("LOCALHOST", 3000), ("[::1]", 81), ("169.254.169.254", 80)])
    for url in ("http://localhost:3000/", "http://[::1]:81/", "http://169.254.169.254/"):
        validate_url(url, policy)
    for url in ("http://localhost/", "http://localhost:3001/", "http://127.0.0.1:3000/", "http://a.localhost:3000/"):
        with pytest.raises(ValueError, match="refused by rule"):
            validate_url(url, policy)


def test_exceptions_pass_the_list_of_allowed_domains():
    policy = UrlPolicy(allowed_domains=("example.com",), allow_hosts=[("wiki", 80)])
    assert validate_url("http://wiki/", policy) == "http://wiki/"


def test_private_addresses_can_be_allowed_but_metadata_never_by_that():
    policy = UrlPolicy(allow_private=True)
    for host in (
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "100.64.0.1",
        "[::1]",
        "[fd00::1]",
        "localhost",
        "db.internal",
    ):
        validate_url(f"http://{host}/", policy)
    for host in ("169.254.169.254", "0.0.0.0", "224.0.0.1", "[fe80::1]", "[::ffff:169.254.169.254]"):
        with pytest.raises(ValueError, match="rule `address`"):
            validate_url(f"http://{host}/", policy)


def test_refusal_names_the_rule_and_not_the_address():
    with pytest.raises(UrlRefusedError) as refusal:
        UrlPolicy().require_addresses("site.example", 80, ["93.184.216.34", "10.9.8.7"])
    assert str(refusal.value) == "refused by rule `address`: the host is not at a public address"


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["8.8.8.8", "::1"], ["fe80::1%eth0"], ["garbage"]])
def test_every_address_of_a_name_must_be_public(addresses: list[str]):
    with pytest.raises(UrlRefusedError):
        UrlPolicy().require_addresses("site.example", 80, addresses)


def test_public_addresses_pass():
    UrlPolicy().require_addresses("site.example", 80, ["8.8.8.8", "2606:4700::1"])


def test_teredo_is_special_whatever_it_carries():
    assert reach_of(ipaddress.ip_address("2001:0:808:808::")) is Reach.SPECIAL


@pytest.mark.parametrize(("host", "address"), [("1.2", "1.0.0.2"), ("1.2.3", "1.2.0.3"), ("0x0a.010.1", "10.8.0.1")])
def test_short_forms_of_addresses(host: str, address: str):
    assert str(literal(host)) == address


@pytest.mark.parametrize("host", ["1.2.3.4.5", "1.2.3.256", "4294967296", "1..2", "a.1", "08"])
def test_malformed_addresses(host: str):
    with pytest.raises(ValueError, match="malformed"):
        normal_host(host)
