"""`python -m pagebell` is `pagebell`, whatever the PATH."""

import sys

from pagebell.cli import main

if __name__ == "__main__":
    sys.exit(main())
