"""Fill a domain that samba-tool has made; run by the system's Python, which has Samba's library.

Arguments: its settings, the keytab to write, and the print server's full name. It prints the identifier of the
group Printing, in which alice is and bob is not.
"""

import sys

import samba.dckeytab  # gives Net its keytabs  # noqa: F401
from samba.auth import system_session
from samba.credentials import Credentials
from samba.dcerpc import security
from samba.ndr import ndr_unpack
from samba.net import Net
from samba.param import LoadParm
from samba.samdb import SamDB

PASSWORD = "Secret123x"


def main(settings: str, keytab: str, server: str) -> None:
    lp = LoadParm()
    lp.load(settings)
    database = SamDB(url=lp.private_path("sam.ldb"), session_info=system_session(), lp=lp)
    for name in ("alice", "bob"):
        database.newuser(name, PASSWORD)
    database.newgroup("Printing")
    database.add_remove_group_members("Printing", ["alice"])
    short = server.partition(".")[0].upper()
    database.newcomputer(short)
    database.modify_ldif(
        f"dn: CN={short},CN=Computers,{database.domain_dn()}\nchangetype: modify\n"
        "replace: msDS-SupportedEncryptionTypes\nmsDS-SupportedEncryptionTypes: 24\n-\n"
        f"replace: dNSHostName\ndNSHostName: {server}\n-\n"
        f"replace: servicePrincipalName\nservicePrincipalName: host/{server}\nservicePrincipalName: HTTP/{server}\n"
    )
    account = f"(sAMAccountName={short}$)"
    database.setpassword(account, f"{PASSWORD}-of-the-server", False)
    database.enable_account(account)
    database.modify_ldif(  # what samba_spnupdate does in a domain that lives longer
        f"dn: CN=DC,OU=Domain Controllers,{database.domain_dn()}\nchangetype: modify\n"
        f"add: servicePrincipalName\nservicePrincipalName: ldap/dc.{lp.get('realm').lower()}\n"
    )
    net = Net(Credentials(), lp)
    for service in ("host", "HTTP"):
        net.export_keytab(keytab=keytab, principal=f"{service}/{server}")
    (group,) = database.search(
        base=database.domain_dn(), expression="(sAMAccountName=Printing)", attrs=["objectSid"]
    )
    print(ndr_unpack(security.dom_sid, group["objectSid"][0]))


if __name__ == "__main__":
    main(*sys.argv[1:])
