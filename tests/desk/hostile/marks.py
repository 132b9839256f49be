"""What hostile mails do, so that it is seen when they do it."""

RUN = "top.postMessage('ran','*')"
"""A script that tells the page around the frame that it ran, from whatever origin it has."""

EVIL = "evil.example"
"""The host of whatever a mail fetches, and where it leads."""

PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A picture that a mail brings along."""
