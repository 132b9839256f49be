"""`python -m services.replies`."""

import sys

from services.replies.app import build
from services.replies.settings import Settings
from shared.running.service import main

sys.exit(main(build, Settings))
