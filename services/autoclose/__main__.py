"""`python -m services.autoclose`."""

import sys

from services.autoclose.app import build
from services.autoclose.settings import Settings
from shared.running.service import main

sys.exit(main(build, Settings))
