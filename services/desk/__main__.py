"""`python -m services.desk`."""

import sys

from services.desk.app import build
from services.desk.settings import Settings
from shared.running.service import main

sys.exit(main(build, Settings))
