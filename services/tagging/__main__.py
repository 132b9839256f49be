"""`python -m services.tagging`."""

import sys

from services.tagging.app import build
from services.tagging.settings import Settings
from shared.running.service import main

sys.exit(main(build, Settings))
