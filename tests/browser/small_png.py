"""Pictures of pages in few colours: those that are seen most, exactly as they were."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Browser

_DECODE = """async (png) => {
  const file = await fetch("data:image/png;base64," + png);
  const picture = await createImageBitmap(await file.blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const drawing = canvas.getContext("2d");
  drawing.drawImage(picture, 0, 0);
  const { data } = drawing.getImageData(0, 0, picture.width, picture.height);
  let text = "";
  for (let at = 0; at < data.length; at += 32768)
    text += String.fromCharCode(...data.subarray(at, at + 32768));
  return [picture.width, picture.height, btoa(text)];
}"""


def smaller(browser: Browser, png: bytes, colours: int = 256) -> bytes:
    """The picture with so many colours, those that are seen most; the browser reads it."""
    with browser.new_context() as context:
        page = context.new_page()
        width, height, data = page.evaluate(_DECODE, base64.b64encode(png).decode())
    pixels = np.frombuffer(base64.b64decode(data), np.uint8).reshape(-1, 4)[:, :3].astype(np.int64)
    palette, indexes = _reduced(pixels, colours)
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = indexes.reshape(height, width)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", head),
            _chunk(b"PLTE", palette.astype(np.uint8).tobytes()),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _reduced(pixels: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """The colours that are kept, and of each pixel the one that is nearest."""
    found, where, times = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
    # A small green dot is seen where as many pixels of one more grey are not.
    seen = times * (1 + (found.max(axis=1) - found.min(axis=1)))
    kept = found[np.argsort(-seen, kind="stable")[:count]]
    nearest = [int(np.argmin(((kept - colour) ** 2).sum(axis=1))) for colour in found]
    return kept, np.array(nearest, np.uint8)[where.reshape(-1)]


def _chunk(kind: bytes, data: bytes) -> bytes:
    checked = kind + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))
