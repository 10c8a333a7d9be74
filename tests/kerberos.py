"""A Kerberos realm of our own: MIT's KDC on a loopback port, its database and everybody's files in one folder."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers import absent, find, free_port, started

REALM = "PAGEBELL.TEST"
PASSWORD = "Secret123"

_KRB5 = """[libdefaults]
 default_realm = {realm}
 dns_lookup_realm = false
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
{realms}
[domain_realm]
 localhost = {home}
 .pagebell.test = {home}
"""
_KDC = """[logging]
 kdc = FILE:{folder}/kdc.log
[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {realm} = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/acl
  max_life = 10h
  supported_enctypes = aes256-cts:normal
 }}
"""


@dataclass(frozen=True)
class Realm:
    """A running realm."""

    folder: Path
    name: str
    port: int
    """Of its KDC, on 127.0.0.1."""

    @property
    def environment(self) -> dict[str, str]:
        """What programs need to find it; with the tickets of whoever logged in last."""
        return {
            "KRB5_CONFIG": str(self.folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
            "KRB5CCNAME": f"FILE:{self.folder / 'tickets'}",
            "KRB5RCACHENAME": f"dfl:{self.folder}",
            "KRB5RCACHEDIR": str(self.folder),
        }

    def run(self, *argv: str, said: str = "", **environment: str) -> None:
        """Run one of MIT's programs."""
        done = subprocess.run(
            [find(argv[0]), *argv[1:]],
            env={**os.environ, **self.environment, **environment},
            input=said,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, (argv, done.stdout, done.stderr)

    def add_user(self, name: str) -> None:
        """Somebody with the password of all."""
        self.run("kadmin.local", "-q", f"addprinc -pw {PASSWORD} {name}")

    def trusts(self, other: Realm) -> None:
        """Let people of another realm come in here: both keep the key of the way between them."""
        for realm in (self, other):
            realm.run("kadmin.local", "-q", f"addprinc -pw trust krbtgt/{self.name}@{other.name}")

    def keytab(self, *services: str) -> Path:
        """A keytab of new services, such as host/localhost."""
        path = self.folder / "keytab"
        for service in services:
            self.run("kadmin.local", "-q", f"addprinc -randkey {service}")
            self.run("kadmin.local", "-q", f"ktadd -k {path} {service}")
        return path

    def log_in(self, name: str, environment: dict[str, str] | None = None) -> None:
        """Get tickets for somebody."""
        self.run("kinit", name, said=PASSWORD + "\n", **(environment or {}))


@contextmanager
def realm(folder: Path, name: str = REALM, home: Realm | None = None) -> Iterator[Realm]:
    """Run a realm; without the programs, or our own extra, the test is reported as not run.

    `home` is another one, in which the servers are.
    """
    if importlib.util.find_spec("gssapi") is None:
        absent("the package gssapi is missing: install pagebell[kerberos]")
    programs = [find(program) for program in ("krb5kdc", "kdb5_util", "kadmin.local", "kinit")]
    port = free_port()
    one = Realm(folder, name, port)
    known = [one] if home is None else [one, home]
    realms = "\n".join(f" {each.name} = {{\n  kdc = 127.0.0.1:{each.port}\n }}" for each in known)
    (folder / "krb5.conf").write_text(_KRB5.format(realm=name, realms=realms, home=known[-1].name))
    (folder / "kdc.conf").write_text(_KDC.format(realm=name, port=port, folder=folder))
    one.run("kdb5_util", "create", "-s", "-P", "master", "-r", name)
    argv = (programs[0], "-n", "-P", str(folder / "kdc.pid"), "-r", name)
    with started(folder, *argv, environment=one.environment) as peer:
        peer.wait_for_port(port)
        yield one
