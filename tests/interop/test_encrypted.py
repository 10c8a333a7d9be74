"""CUPS' programs, curl and OpenSSL against our TLS, and a queue of cupsd that prints through us."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pagebell.testing import pdf
from tests import peers
from tests.server import ServerProcess, wait_for

pytestmark = pytest.mark.interop("timeout")
ASK = "/usr/share/cups/ipptool/get-printer-attributes.test"
FILTER = Path("/usr/lib/cups/filter/pdftopdf")
MODES = ("allow", "require")


class Clients:
    """Runs programs with a home folder of their own, where CUPS keeps the certificates that it has come to trust."""

    def __init__(self, server: ServerProcess, folder: Path) -> None:
        self.server = server
        self.output = folder / "output"
        self._home = folder / "home"
        self._home.mkdir()

    def __call__(self, *command: str, stdin: bytes = b"", status: int | None = 0) -> str:
        environment = {**os.environ, "HOME": str(self._home), "LC_ALL": "C.UTF-8", "CUPS_USER": "ada"}
        done = subprocess.run(
            ["timeout", "-k", "2", "30", *command],
            input=stdin,
            capture_output=True,
            env=environment,
            check=False,
        )
        said = (done.stdout + done.stderr).decode(errors="replace")
        assert status is None or done.returncode == status, f"{said}\n{self.server.log}"
        return said

    def printed(self, seconds: float = 30) -> bytes:
        """What was printed first, when it is there."""

        def look() -> list[Path]:
            return [path for path in self.output.iterdir() if not path.name.startswith(".")]

        return wait_for(look, "a printed file", seconds)[0].read_bytes()


@contextmanager
def start(folder: Path, mode: str) -> Iterator[Clients]:
    (folder / "output").mkdir()
    devices = {"PDF": (folder / "output").as_uri()}
    with ServerProcess(folder / "server", devices, f'[tls]\nmode = "{mode}"\n') as server:
        yield Clients(server, folder)


@pytest.fixture(params=MODES)
def clients(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clients]:
    """A server that allows TLS, and one that requires it."""
    with start(tmp_path, request.param) as made:
        yield made


@pytest.fixture
def certificate(clients: Clients) -> str:
    return str(clients.server.state / "tls" / "certificate.pem")


@pytest.mark.interop("ipptool")
def test_ipptool_from_the_first_octet_and_by_upgrade(clients: Clients) -> None:
    uri = clients.server.uri("PDF")
    assert "[PASS]" in clients("ipptool", "-tI", uri.replace("ipp://", "ipps://"), ASK)
    assert "[PASS]" in clients("ipptool", "-tI", "-E", uri, ASK)


@pytest.mark.interop("ipptool")
def test_ipptool_in_the_clear(tmp_path: Path) -> None:
    with start(tmp_path, "allow") as clients:
        assert "[PASS]" in clients("ipptool", "-tI", clients.server.uri("PDF"), ASK)


@pytest.mark.interop("lp", "lpstat")
@pytest.mark.parametrize("encryption", [["-E"], []], ids=["asked for", "as the server wishes"])
def test_lpstat_and_lp(clients: Clients, encryption: list[str]) -> None:
    where = [*encryption, "-h", clients.server.authority]
    assert "printer PDF is idle." in clients("lpstat", *where, "-p")
    assert "request id is PDF-1" in clients("lp", *where, "-d", "PDF", stdin=b"Dear Ada\n")
    assert clients.printed() == b"Dear Ada\n"


@pytest.mark.interop("curl")
def test_curl(clients: Clients, certificate: str) -> None:
    page = f"https://{clients.server.authority}/"
    assert "<title>Pagebell</title>" in clients("curl", "-s", "-k", page)
    assert "<title>Pagebell</title>" in clients("curl", "-s", "--cacert", certificate, page)
    assert "self-signed" in clients("curl", "-sS", page, status=60)
    version = clients("curl", "-sk", "--http2", "-o", "/dev/null", "-w", "%{http_version}", page)
    assert version == "1.1"


@pytest.mark.interop("openssl")
def test_openssl(clients: Clients, certificate: str) -> None:
    connect = ("openssl", "s_client", "-connect", clients.server.authority)
    for version in ("-tls1_2", "-tls1_3"):
        said = clients(
            *connect, version, "-CAfile", certificate, "-verify_ip", "127.0.0.1", "-alpn", "h2,http/1.1"
        )
        assert "Verify return code: 0 (ok)" in said
        assert "ALPN protocol: http/1.1" in said
    assert "alert protocol version" in clients(*connect, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", status=1)
    for weak in ("AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"):
        said = clients(*connect, "-tls1_2", "-cipher", weak, status=1)
        assert "alert handshake failure" in said


@pytest.mark.timeout(120)
@pytest.mark.interop("cupsd", "lpadmin", "lp")
@pytest.mark.parametrize(
    ("mode", "scheme", "option"),
    [
        ("allow", "ipp", ""),
        ("allow", "ipp", "?encryption=required"),
        ("allow", "ipps", ""),
        ("require", "ipp", "?encryption=required"),
        ("require", "ipps", ""),
    ],
)
def test_queue_of_cups_prints_through_us(tmp_path: Path, mode: str, scheme: str, option: str) -> None:
    document = tmp_path / "letter.pdf"
    document.write_bytes(pdf(2))
    with start(tmp_path, mode) as clients, peers.cupsd(tmp_path / "cups") as uri:
        cups = uri.removeprefix("ipp://").rstrip("/")
        device = f"{scheme}://{clients.server.authority}/ipp/print/PDF{option}"
        clients("lpadmin", "-h", cups, "-p", "Q", "-E", "-m", "everywhere", "-v", device)
        how = [] if FILTER.exists() else ["-o", "raw"]
        options = ("lpoptions", "-h", cups, "-p", "Q", "-l")
        wait_for(lambda: "PageSize" in clients(*options, status=None), "cupsd to know the queue's options")
        # cupsd may know a queue's options before it knows its filters, and aborts the job then
        for number in range(1, 6):
            clients("lp", "-h", cups, "-d", "Q", *how, str(document))
            wait_for_end(clients, cups, f"Q-{number} ")
            if any(clients.output.iterdir()):
                break
        error_log = tmp_path / "cups" / "error_log"
        assert clients.printed(1).startswith(b"%PDF-"), error_log.read_text()[-3000:]


def wait_for_end(clients: Clients, cups: str, job: str) -> None:
    """Until CUPS has finished or aborted that job: by then what it sends has been printed."""
    ended = ("lpstat", "-h", cups, "-W", "completed", "-o", "Q")
    wait_for(lambda: job in clients(*ended), f"the end of CUPS' job {job}", 60)
