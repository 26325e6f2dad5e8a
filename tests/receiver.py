"""A webhook receiver: a real HTTPS server with a certificate of the test's own authority."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Received:
    """One request, as received."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


Answers = Callable[[Received], bytes]


def an_answer(status: int = 204, body: bytes = b"", **headers: str) -> bytes:
    """Return a whole HTTP answer; `retry_after="5"` is the header `Retry-After: 5`."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Receiver:
    """A server that sends configurable answers, keeps the requests received and counts the connections."""

    folder: Path
    names: Sequence[str] = ("localhost",)
    answers: Answers = lambda _request: an_answer()
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    server_names: list[str | None] = field(default_factory=list)
    port: int = 0

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    def trusting(self) -> ssl.SSLContext:
        """Return a TLS context that trusts only this authority."""
        return ssl.create_default_context(cafile=str(self.authority))

    @contextlib.asynccontextmanager
    async def listening(self, host: str = "127.0.0.1") -> AsyncIterator[None]:
        if not self.authority.exists():
            certify(self.folder, self.names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem")
        context.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        server = await asyncio.start_server(self._serve, host, self.port, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            request = Received(method, target, headers, body)
            self.received.append(request)
            answer = self.answers(request)
            writer.write(answer)
            await writer.drain()
        writer.close()


def certify(folder: Path, names: Sequence[str]) -> None:
    """Write `authority.pem`, and `server.pem` with a certificate for these names and its key."""
    # TLS checks the certificate's dates against the machine's clock.
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    subjects = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Authority (test)", names[0])]

    def certificate(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subjects[0])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False)
        )

    authority = (
        certificate(subjects[0], keys[0])
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        .sign(keys[0], hashes.SHA256())
    )
    general: list[x509.GeneralName] = []
    for name in names:
        try:
            general.append(x509.IPAddress(ip_address(name)))
        except ValueError:
            general.append(x509.DNSName(name))
    server = (
        certificate(subjects[1], keys[1])
        .add_extension(x509.SubjectAlternativeName(general), critical=False)
        .sign(keys[0], hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(
        server.public_bytes(Encoding.PEM) + keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "authority.pem").write_bytes(authority.public_bytes(Encoding.PEM))
