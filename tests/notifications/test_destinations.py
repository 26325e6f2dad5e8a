"""Addresses a webhook may use: no range outside the public internet, in any spelling."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.refusals import Invalid
from services.notifications.webhooks.destinations import (
    DENIED,
    URL_LENGTH_MAX,
    Bounds,
    Destination,
    destination_of,
    may_connect,
)

STRICT = Bounds()
LOOSE = Bounds(loopback=True)

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.215.14", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "168.63.129.15", "168.63.129.17",
    "2001:4860:4860::8888", "2606:4700::1111", "2a00:1450:4001:800::200e", "2001:200::1", "2003::1", "2400::1",
]  # fmt: skip

INSIDE = [
    # IPv4: loopback, private, link-local, shared, reserved; the first and last address of each range
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
    "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255",
    "192.0.0.0", "192.0.0.8", "192.0.0.192", "192.0.0.255", "192.0.2.1", "192.31.196.1", "192.52.193.1",
    "192.88.99.1", "192.168.0.0", "192.168.255.255", "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.7",
    "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "100.100.100.200",
    "168.63.129.16",
    # IPv6
    "::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "feff::1", "ff02::1",
    "100::1", "100:0:0:1::1", "2001:db8::1", "3fff::1", "5f00::1", "2620:4f:8000::1", "4000::1", "8000::1",
    # an IPv4 address within an IPv6 one: compatible, mapped, translated, NAT64, 6to4, Teredo; also of a public one
    "::169.254.169.254", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1",
    "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::8.8.8.8",
    "64:ff9b:1::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:808:808::1", "2001::1",
    "2001:0:a9fe:a9fe::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_allowed(address: str) -> None:
    assert may_connect(ip_address(address), STRICT)


@pytest.mark.parametrize("address", INSIDE)
def test_non_public_address_is_denied(address: str) -> None:
    assert not may_connect(ip_address(address), STRICT)


@pytest.mark.parametrize("network", [str(network) for network in DENIED])
def test_both_ends_of_every_denied_range_are_denied(network: str) -> None:
    found = ip_network(network)

    assert not may_connect(found[0], STRICT)
    assert not may_connect(found[-1], STRICT)


@given(st.integers(0, 2**32 - 1))
def test_ipv6_forms_of_ipv4_addresses_are_denied(value: int) -> None:
    inside = [value, 0xFFFF << 32 | value, 0xFFFF << 48 | value, 0x64FF9B << 96 | value, 0x2002 << 112 | value << 80]

    assert not [IPv6Address(one) for one in inside if may_connect(IPv6Address(one), STRICT)]


@given(st.ip_addresses())
def test_addresses_private_in_python_are_denied(address: IPv4Address | IPv6Address) -> None:
    assert not may_connect(address, STRICT) or address.is_global


def test_configured_networks_are_denied() -> None:
    bounds = Bounds(denied=(ip_network("93.184.0.0/16"), ip_network("2606:4700::/32")))

    assert not may_connect(ip_address("93.184.215.14"), bounds)
    assert not may_connect(ip_address("2606:4700::1111"), bounds)
    assert may_connect(ip_address("1.1.1.1"), bounds)


def test_loopback_setting_allows_loopback_only() -> None:
    allowed = {address for address in INSIDE if may_connect(ip_address(address), LOOSE)}

    assert {"127.0.0.1", "127.255.255.255", "::1"} == allowed


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("https://hooks.ken.example", "hooks.ken.example", "/"),
        ("https://hooks.ken.example/", "hooks.ken.example", "/"),
        ("https://hooks.ken.example:443/a/b?c=d&e=%2F", "hooks.ken.example", "/a/b?c=d&e=%2F"),
        ("HTTPS://Hooks.KEN.example/Path", "hooks.ken.example", "/Path"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", "/"),
    ],
)
def test_url_is_parsed(url: str, host: str, target: str) -> None:
    assert Destination(host=host, port=443, target=target) == destination_of(url, STRICT)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.ken.example/", "ftp://hooks.ken.example/", "//hooks.ken.example/", "hooks.ken.example", "",
        "https://", "https:///path", "https:hooks.ken.example", " https://hooks.ken.example/",
        "https://hooks.ken.example/ ", "https://hooks.ken.example/\n", "https://hooks.ken.example\r\nHost: x/",
        # another port
        "https://hooks.ken.example:8443/", "https://hooks.ken.example:0/", "https://hooks.ken.example:80/",
        "https://hooks.ken.example:/", "https://hooks.ken.example:443:443/",
        # a user, or text that one reader takes for a user and another for a host
        "https://user@hooks.ken.example/", "https://user:pass@hooks.ken.example/", "https://ken.example@127.0.0.1/",
        "https://127.0.0.1\\@ken.example/", "https://ken.example\\.evil.example/", "https://a.example#@b.example/",
        "https://a.example?@b.example/", "https://a.example;b.example/",
        # an address, in every spelling
        "https://127.0.0.1/", "https://8.8.8.8/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://2130706433/",
        "https://0x7f000001/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/", "https://a.127/",
        "https://a.0x7f/", "https://[2606:4700::1111%25eth0]/", "https://１２７.0.0.1/", "https://①②⑦.example/",
        # not a fully qualified name
        "https://postgres/", "https://localhost/", "https://ken.example./", "https://.ken.example/", "https://ken..example/",
        "https://-ken.example/", "https://ken-.example/", "https://ken_x.example/", "https://bücher.example/",
        "https://%6cocalhost/", "https://ken.example%00.evil.example/",
        # characters and parts that are not allowed in a path
        "https://ken.example/#fragment", "https://ken.example/%zz", "https://ken.example/%", "https://ken.example/ä",
        "https://ken.example/a b", "https://ken.example/<", "https://ken.example/\"", "https://ken.example?no-path",
        f"https://{'a' * 64}.example/", f"https://{'a.' * 130}example/",
        f"https://ken.example/{'a' * URL_LENGTH_MAX}",
    ],
)  # fmt: skip
def test_url_other_than_plain_https_is_rejected(url: str) -> None:
    with pytest.raises(Invalid) as no:
        destination_of(url, STRICT)

    assert "webhook-url-invalid" == no.value.slug


def test_url_must_be_under_an_allowed_host() -> None:
    named = Bounds(allowed=("ken.example", "hooks.nor.example"))
    for url in (
        "https://ken.example/",
        "https://HOOKS.ken.example/x",
        "https://a.b.ken.example/",
        "https://hooks.nor.example/",
    ):
        destination_of(url, named)
    for url in (
        "https://nor.example/",
        "https://token.example/",
        "https://ken.example.evil.example/",
        "https://xken.example/",
    ):
        destination_of(url, STRICT)
        with pytest.raises(Invalid) as no:
            destination_of(url, named)
        assert "webhook-host-denied" == no.value.slug


def test_loopback_setting_allows_any_port() -> None:
    assert Destination(host="localhost", port=8443, target="/x") == destination_of("https://localhost:8443/x", LOOSE)
    for url in (
        "https://localhost:0/",
        "https://localhost:65536/",
        "http://localhost:8443/",
        "https://127.0.0.1:8443/",
    ):
        with pytest.raises(Invalid):
            destination_of(url, LOOSE)
