"""`python -m services.attribution`."""

import sys

from services.attribution.app import build
from services.attribution.settings import Settings
from shared.running.service import main

sys.exit(main(build, Settings))
