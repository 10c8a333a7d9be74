"""``python -m pagebell.cli``: the command where no script was installed."""

import sys

from pagebell.cli import main

sys.exit(main())
