"""`python -m services.ticketing`."""

import sys

from services.ticketing.app import build
from services.ticketing.settings import Settings
from shared.running.service import main

sys.exit(main(build, Settings))
