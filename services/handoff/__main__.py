"""`python -m services.handoff`."""

import sys

from services.handoff.app import build
from services.handoff.settings import Settings
from shared.running.service import main

sys.exit(main(build, Settings))
