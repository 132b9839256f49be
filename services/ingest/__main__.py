"""`python -m services.ingest`."""

import sys

from services.ingest.app import build
from services.ingest.settings import Settings
from shared.running.service import main

sys.exit(main(build, Settings))
