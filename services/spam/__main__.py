"""`python -m services.spam`."""

import sys

from shared.running.start import start

sys.exit(start("services.spam.app:build", "services.spam.settings:Settings"))
