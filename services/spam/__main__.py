"""`python -m services.spam`."""

import sys

from services.spam.app import build
from services.spam.settings import Settings
from shared.running.service import main

sys.exit(main(build, Settings))
