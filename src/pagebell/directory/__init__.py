"""Printers in a directory: published for people to find, and looked up. [MS-PRSOD] 2.5.3.1 step 7 and 2.5.3.3"""

from pagebell.directory.catalog import Catalog
from pagebell.directory.ldap import Directory, DirectoryError, Login
from pagebell.directory.print_queue import Place, PrintQueue

__all__ = ["Catalog", "Directory", "DirectoryError", "Login", "Place", "PrintQueue"]
