"""`python -m services.replies`."""

import sys

from shared.running.start import start

sys.exit(start("services.replies.app:build", "services.replies.settings:Settings"))
