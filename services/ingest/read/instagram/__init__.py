"""Instagram: a webhook comes in; out go the findings in it."""
