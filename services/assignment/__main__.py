"""`python -m services.assignment`."""

import sys

from services.assignment.app import build
from services.assignment.settings import Settings
from shared.running.service import main

sys.exit(main(build, Settings))
