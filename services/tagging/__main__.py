"""`python -m services.tagging`."""

import sys

from shared.running.start import start

sys.exit(start("services.tagging.app:build", "services.tagging.settings:Settings"))
