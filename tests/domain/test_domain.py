"""A Windows domain without Windows: Samba's domain controller, our server as its member, and everybody's own tickets.

All of it lives in a network of its own, on addresses outside 127.0.0.0/8, since CUPS uses tickets for no others.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from pagebell.winspool.constants import DsPrint
from tests.peers import absent, find, started
from tests.server import PAGEBELL, START_LIMIT, wait_for

PASSWORD = "Secret123x"
PUBLISH, REPUBLISH = DsPrint.PUBLISH, DsPrint.REPUBLISH
REALM, DC, PRINT = "PB.TEST", "dc.pb.test", "print.pb.test"
DC_ADDRESS, PRINT_ADDRESS = "10.53.0.1", "10.53.0.2"
QUICK = {**os.environ, "TDB_NO_FSYNC": "1"}
"""What is made here need not outlive a power failure."""
pytestmark = pytest.mark.timeout(500)
KRB5 = f"""[libdefaults]
 default_realm = {REALM}
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 {REALM} = {{
  kdc = {DC_ADDRESS}
 }}
[domain_realm]
 .pb.test = {REALM}
"""


@dataclass(frozen=True)
class Domain:
    """A network with its machines in it."""

    folder: Path
    inside: tuple[str, ...]
    """What to put before a program that shall run there."""
    group: str
    """The identifier of the group Printing."""

    def as_user(self, name: str) -> dict[str, str]:
        """The environment of somebody with tickets."""
        return {
            **os.environ,
            "KRB5_CONFIG": str(self.folder / "krb5.conf"),
            "KRB5CCNAME": f"FILE:{self.folder / name}",
            "HOME": str(self.folder),
        }

    def run(self, user: str, *argv: str, said: str = "", **more: str) -> str:
        """Run a program there; gives its status and all it says."""
        done = subprocess.run(
            [*self.inside, *argv],
            env={**self.as_user(user), **more},
            input=said,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return f"{done.returncode}\n{done.stdout}{done.stderr}"

    def log_in(self, user: str) -> None:
        told = self.run(user, find("kinit"), user, said=PASSWORD + "\n")
        assert told.startswith("0\n"), told


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Domain]:
    folder = tmp_path_factory.mktemp("domain")
    tool, samba, _ = find("samba-tool"), find("samba"), find("kinit")
    if os.geteuid() != 0:
        absent("a network of one's own needs root")
    (folder / "krb5.conf").write_text(KRB5)
    (folder / "hosts").write_text(
        f"127.0.0.1 localhost\n{DC_ADDRESS} {DC} dc\n{PRINT_ADDRESS} {PRINT} print\n"
    )
    network = f"mount --bind {folder}/hosts /etc/hosts && ip link set lo up"
    network += "".join(f" && ip address add {one}/24 dev lo" for one in (DC_ADDRESS, PRINT_ADDRESS))
    apart = (find("unshare"), "--net", "--mount", "--propagation", "private")
    holder = (*apart, "sh", "-c", f"{network} && touch {folder}/up && exec sleep infinity")
    with started(folder, *holder) as peer:
        peer.wait_for_file(folder / "up")
        inside = (find("nsenter"), f"--target={peer.process.pid}", "--net", "--mount")
        home = folder / "dc"
        provision = [
            *inside,
            tool,
            "domain",
            "provision",
            f"--realm={REALM}",
            "--domain=PB",
            "--server-role=dc",
        ]
        provision += [
            "--dns-backend=NONE",
            f"--adminpass={PASSWORD}",
            f"--targetdir={home}",
            "--host-name=DC",
        ]
        provision += [f"--host-ip={DC_ADDRESS}", f"--option=interfaces={DC_ADDRESS}/24"]
        provision += ["--option=ldap server require strong auth=allow_sasl_over_tls"]
        provision += ["--option=bind interfaces only=yes", "--option=server services=ldap, cldap, kdc"]
        made = subprocess.run(provision, capture_output=True, text=True, timeout=300, check=False, env=QUICK)
        assert made.returncode == 0, made.stderr[-2000:]
        settings = str(home / "etc/smb.conf")
        fill = [*inside, "/usr/bin/python3", str(Path(__file__).with_name("populate.py")), settings]
        filled = subprocess.run(
            [*fill, str(folder / "keytab"), PRINT],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            env=QUICK,
        )
        assert filled.returncode == 0, filled.stderr[-2000:]
        argv = (*inside, samba, "-s", settings, "-i", "-M", "single")
        with started(folder, *argv, environment=QUICK):
            one = Domain(folder, inside, filled.stdout.split()[-1])
            wait_for(
                lambda: one.run("alice", find("kinit"), "alice", said=PASSWORD + "\n")[0] == "0",
                "the KDC",
                60,
            )
            one.log_in("bob")
            one.log_in("Administrator")
            yield one


@pytest.fixture(scope="module")
def server(domain: Domain) -> Iterator[str]:
    """Our server, a member by its keytab; gives HOST:PORT."""
    (domain.folder / "pagebell.toml").write_text(
        f'[access]\nkeytab = "{domain.folder / "keytab"}"\nauth = "require"\nadmin-from = []\n'
        f'print = ["@{domain.group}"]\nadministrators = ["@Domain Admins"]\n'
        f'[rpc]\nnames = ["{PRINT}"]\n'
        f'[directory]\nldap = "ldaps://{DC}"\nhost = "{PRINT}"\nbind = "Administrator@{REALM}"\n'
        f'password-file = "{domain.folder / "password"}"\nca = "{domain.folder / "dc/private/tls/ca.pem"}"\n'
    )
    (domain.folder / "password").write_text(PASSWORD)
    argv = [*domain.inside, str(PAGEBELL), "serve", "--config", str(domain.folder / "pagebell.toml")]
    argv += ["--state", str(domain.folder / "state"), "--ipp", f"{PRINT_ADDRESS}:8631"]
    argv += ["--rpc", f"{PRINT_ADDRESS}:8632", "--epm", f"{PRINT_ADDRESS}:135"]
    environment = {"KRB5_CONFIG": str(domain.folder / "krb5.conf"), "PYTHONUNBUFFERED": "1"}
    with started(domain.folder, *argv, environment=environment) as peer:
        wait_for(lambda: "\nReady.\n" in peer.log.read_text(), "the print server", START_LIMIT)
        yield f"{PRINT}:8631"


def rpcclient(domain: Domain, user: str, commands: str) -> str:
    smb = domain.folder / "client.conf"
    folders = ("private dir", "lock directory", "state directory", "cache directory")
    smb.write_text(f"[global]\nrealm = {REALM}\n" + "".join(f"{n} = {domain.folder}\n" for n in folders))
    cache = domain.as_user(user)["KRB5CCNAME"]
    login = ("--use-kerberos=required", f"--use-krb5-ccache={cache}", "-U", f"{user}@{REALM}")
    binding = f"ncacn_ip_tcp:{PRINT}[krb5,seal]"
    return domain.run(user, find("rpcclient"), "-s", str(smb), *login, binding, "-c", commands)


PRINTING = f"\\\\{PRINT}\\PDF"


def test_groups_of_the_ticket_decide_over_rpc(domain: Domain, server: str) -> None:
    assert "name:[PDF]" in rpcclient(domain, "alice", "enumprinters 1")
    assert "WERR_ACCESS_DENIED" in rpcclient(domain, "alice", "openprinter_ex PDF"), "asks for everything"
    assert "opened successfully" in rpcclient(domain, "Administrator", "openprinter_ex PDF")


def pagebell(domain: Domain, user: str, *argv: str) -> str:
    return domain.run(user, str(PAGEBELL), *argv, "--server", f"ipps://{PRINT}:8631/", "--insecure")


def test_groups_of_the_ticket_decide_over_ipp(domain: Domain, server: str) -> None:
    assert pagebell(domain, "alice", "print", "/etc/hosts", "--no-wait").startswith("0\n")
    assert "may not print" in pagebell(domain, "bob", "print", "/etc/hosts", "--no-wait")
    assert pagebell(domain, "Administrator", "printers", "pause", "PDF").startswith("0\n")
    assert "may not" in pagebell(domain, "alice", "printers", "resume", "PDF")
    assert pagebell(domain, "Administrator", "printers", "resume", "PDF").startswith("0\n")
    assert "alice" in pagebell(domain, "alice", "jobs", "--all")


def test_curl_and_lp_come_with_their_tickets(domain: Domain, server: str) -> None:
    page = (find("curl"), "--silent", "--insecure", "--output", "/dev/null", "--write-out", "%{http_code}")
    url = f"https://{server}/"
    assert domain.run("alice", *page, url) == "0\n401"
    assert domain.run("alice", *page, "--negotiate", "--user", ":", url) == "0\n200"
    told = domain.run("alice", find("lp"), "-h", server, "-d", "PDF", "/etc/hosts")
    assert "request id is" in told, told
    assert "request id is" not in domain.run("bob", find("lp"), "-h", server, "-d", "PDF", "/etc/hosts")


def test_printers_are_published_in_the_domain_and_found_there(domain: Domain, server: str) -> None:
    place = ("--ldap", f"ldaps://{DC}", "--insecure")
    login = ("--bind", f"Administrator@{REALM}", "--server", f"ipps://{PRINT}:8631/", "--host", PRINT)
    told = domain.run(
        "Administrator", str(PAGEBELL), "publish", *place, *login, PAGEBELL_LDAP_PASSWORD=PASSWORD
    )
    assert "PDF is published as CN=PRINT-PDF,CN=PRINT,CN=Computers,DC=pb,DC=test" in told, told
    found = domain.run("bob", str(PAGEBELL), "discover", "pdf", *place)
    assert PRINTING in found, found
    assert re.search(rf"ipps://{PRINT}:8631/ipp/print/PDF", found)


def identified(domain: Domain, printer: str) -> list[str]:
    """What the domain controller identifies a printer's entries by, as OpenLDAP's program finds them."""
    search = (find("ldapsearch"), "-x", "-LLL", "-H", f"ldaps://{DC}", "-b", "DC=pb,DC=test")
    login = ("-D", f"Administrator@{REALM}", "-w", PASSWORD, f"(printerName={printer})", "objectGUID")
    told = domain.run("Administrator", *search, *login, LDAPTLS_REQCERT="never")
    assert told.startswith("0\n"), told
    return [str(UUID(bytes_le=base64.b64decode(one))) for one in re.findall(r"objectGUID:: (\S+)", told)]


def test_windows_programs_publish_in_the_domain(domain: Domain, server: str) -> None:
    """With a ticket, by SetPrinter; and the entry goes with its printer."""
    added = pagebell(domain, "Administrator", "printers", "add", "Lab", "--device", "null:")
    assert added.startswith("0\n"), added
    script = (sys.executable, str(Path(__file__).with_name("publish.py")), f"rprn://{PRINT}/Lab")
    seen = []
    for action in (PUBLISH, REPUBLISH):
        told = domain.run("Administrator", *script, str(int(action)))
        (guid,) = identified(domain, "Lab")
        assert told == f"0\n{int(PUBLISH)} {guid}\n", told
        seen.append(guid)
    assert seen[0] != seen[1]
    assert domain.run("alice", *script, str(int(PUBLISH)))[0] == "1"
    removed = pagebell(domain, "Administrator", "printers", "remove", "Lab")
    assert removed.startswith("0\n"), removed
    wait_for(lambda: identified(domain, "Lab") == [], "the entry's end")
