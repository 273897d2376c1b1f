"""Which addresses and URLs are open to us: the rules, without a network."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.webhooks.addresses import is_public, may_dial, refusal

CLOSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
168.63.129.16 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.192 192.0.2.1 192.88.99.1
192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255
:: ::1 ::7f00:1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
64:ff9b::8.8.8.8 64:ff9b:1::7f00:1 100::1 2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1
2002:7f00:1:: 2002:a00:1:: 3fff::1 3ffe::1 5f00::1 fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fe80::1%eth0 febf::1
fec0::1 ff02::1 ff0e::1 2606:4700:4700::1111%1 4000::1
""".split()  # noqa: SIM905  # one case a line reads better
OPEN = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 114.114.114.114 126.255.255.255 128.0.0.0
168.63.129.15 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0
198.17.255.255 198.20.0.0 223.5.5.5 223.255.255.255
2001:200::1 2001:4860:4860::8888 2400:3200::1 2606:4700:4700::1111 2a00:1450::1 2003::1
""".split()  # noqa: SIM905  # one case a line reads better
# What Python 3.11 calls global and is not.
TRAPS = """
192.0.0.8 192.88.99.1 224.0.0.1 64:ff9b::7f00:1 64:ff9b:1::7f00:1 2002:7f00:1:: fec0::1 ff02::1 5f00::1
""".split()  # noqa: SIM905  # one case a line reads better

REFUSED = [
    "",
    "hooks.example.cn",
    "//hooks.example.cn/",
    "ftp://hooks.example.cn/",
    "file:///etc/passwd",
    "gopher://hooks.example.cn/",
    "javascript:alert(1)",
    "http://hooks.example.cn/",
    "https://",
    "https:///path",
    "https:hooks.example.cn",
    "https:/hooks.example.cn",
    "https:\\\\hooks.example.cn",
    " https://hooks.example.cn/",
    "https://hooks.example.cn/\n",
    "https://hooks.example.cn/a b",
    "https://hooks.example.cn/\r\nX-Injected: 1",
    "https://hooks.example.cn/\x00",
    "https://hooks.example.cn/#fragment",
    "https://user@hooks.example.cn/",
    "https://user:word@hooks.example.cn/",
    "https://hooks.example.cn@127.0.0.1/",
    "https://127.0.0.1@hooks.example.cn/",
    "https://hooks.example.cn:443@127.0.0.1/",
    "https://hooks.example.cn\\@127.0.0.1/",
    "https://hooks.example.cn%40127.0.0.1/",
    "https://127.0.0.1\\.hooks.example.cn/",
    "https://hooks.example.cn:0/",
    "https://hooks.example.cn:22/",
    "https://hooks.example.cn:25/",
    "https://hooks.example.cn:80/",
    "https://hooks.example.cn:1023/",
    "https://hooks.example.cn:65536/",
    "https://hooks.example.cn:4４3/",
    "https://hooks.example.cn:-1/",
    "https://hooks.example.cn:/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0x7f.0.0.0x1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0/",
    "https://127.0.0.1./",
    "https://127。0。0。1/",
    "https://①②⑦.0.0.1/",
    "https://１２７.0.0.1/",
    "https://%31%32%37.0.0.1/",
    "https://8.8.8.8/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[fe80::1%25eth0]/",
    "https://[2606:4700:4700::1111]/",
    "https://[127.0.0.1]/",
    "https://[v1.x]/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "https://redis/",
    "https://postgres:5432/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://nas.lan/",
    "https://router.home.arpa/",
    "https://hooks.example.cn./",
    "https://.example.cn/",
    "https://hooks..example.cn/",
    "https://-hooks.example.cn/",
    "https://" + "a" * 64 + ".cn/",
    "https://" + "a." * 126 + "example.cn/",
    "https://hooks.example.cn/" + "a" * 2048,
    "https://重庆.中国/",
]
ALLOWED = [
    "https://hooks.example.cn",
    "https://hooks.example.cn/",
    "https://HOOKS.Example.CN/in?token=a&b=%20c",
    "https://hooks.example.cn?x=1",
    "https://hooks.example.cn:443/",
    "https://hooks.example.cn:8443/a/b;c@d/~e",
    "https://xn--fiqs8s.xn--fiqs8s/",
    "https://1688.example.com/",
    "https://127.0.0.1.nip.example/",
]
LOOPBACK = [
    "http://127.0.0.1:8080/",
    "http://127.0.0.1/",
    "http://127.8.9.10:9000/x",
    "http://[::1]:8080/",
    "http://localhost:8080/",
    "https://hooks.localhost:8443/",
]


@pytest.mark.parametrize("text", CLOSED)
def test_an_inner_or_special_address_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", OPEN)
def test_an_address_of_the_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", TRAPS)
def test_what_python_calls_global_by_mistake_is_closed(text: str) -> None:
    assert ip_address(text).is_global
    assert not is_public(ip_address(text))


@given(st.ip_addresses())
def test_whatever_python_calls_not_global_is_closed_too(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global:
        assert not is_public(address)


@pytest.mark.parametrize("text", CLOSED)
def test_allowing_loopback_opens_nothing_but_loopback(text: str) -> None:
    address = ip_address(text)
    assert not may_dial(address, allow_loopback=False)
    assert may_dial(address, allow_loopback=True) is (text.startswith("127.") or text == "::1")


@pytest.mark.parametrize("url", REFUSED + LOOPBACK)
def test_a_url_that_could_point_inside_is_refused_with_a_reason(url: str) -> None:
    assert refusal(url, allow_loopback=False)


@pytest.mark.parametrize("url", ALLOWED)
def test_an_ordinary_endpoint_is_not_refused(url: str) -> None:
    assert refusal(url, allow_loopback=False) is None
    assert refusal(url, allow_loopback=True) is None


@pytest.mark.parametrize("url", LOOPBACK)
def test_development_may_use_its_own_machine(url: str) -> None:
    assert refusal(url, allow_loopback=True) is None


def test_development_gains_nothing_but_its_own_machine() -> None:
    opened = {url for url in REFUSED if refusal(url, allow_loopback=True) is None}
    assert opened == {
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://a.localhost/",
    }


PIECES = """. a cn 1 0x7f _ - : :8443 :22 / ? @ // %2e %40 [ ] [::1] 127.0.0.1 @127.0.0.1 ;x & = ~ ! hooks. xn-- .cn"""


@given(st.lists(st.sampled_from(PIECES.split()), max_size=8))
def test_what_passes_is_read_the_same_way_by_the_http_client(pieces: list[str]) -> None:
    url = "https://hooks.example.cn" + "".join(pieces)
    if refusal(url, allow_loopback=False) is None:
        read = httpx.URL(url)
        assert (read.scheme, read.userinfo, read.fragment) == ("https", b"", "")
        assert re.split("[:/?]", url.removeprefix("https://"))[0] == read.raw_host.decode()
        with pytest.raises(ValueError, match="does not appear"):
            ip_address(read.host)
        assert read.port is None or read.port >= 1024


@given(st.text(max_size=60))
def test_no_text_makes_an_error(url: str) -> None:
    refusal(url, allow_loopback=True)
    refusal("https://" + url, allow_loopback=True)
