"""The town's logo on its papers: small, drawn once."""

import base64
import io
from functools import lru_cache

from PIL import Image

MAX_SIDE = 360
"""Pixels: some 42 mm at 220 dots an inch. Each archived paper holds it."""


@lru_cache(maxsize=2)
def logo_drawing(content: bytes) -> tuple[str, bool]:
    """An SVG that holds the picture, and whether it is much wider than high."""
    with Image.open(io.BytesIO(content)) as picture:
        small = picture.convert("RGBA" if "A" in picture.mode else "RGB")
    small.thumbnail((MAX_SIDE, MAX_SIDE))
    out = io.BytesIO()
    small.save(out, format="PNG", optimize=True)
    width, height = small.size
    data = base64.b64encode(out.getvalue()).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>',
        width > 3 * height,
    )
