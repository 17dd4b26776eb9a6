"""One PDF of thousands of pages: set a part at a time, each in a process that ends with it (typst
keeps what it set: some 0.25 MB a page), then joined by qpdf.

To be printed on paper: the parts bear no tags, which no joining would keep.
"""

import io
import json
import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from preau.documents.compiling import compile_for_paper
from preau.documents.render import known_facts


def render_parts(template: str, parts: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """The PDF of each part, one after the other, in the order given; what draws the next part is
    asked for only when the one before is set. Raises RenderingFailed."""
    facts = known_facts()
    with ProcessPoolExecutor(
        1, multiprocessing.get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        for data in parts:
            text = json.dumps(facts | data, ensure_ascii=False)
            yield pool.submit(compile_for_paper, template, text).result()


def join(parts: Iterable[bytes], *, title: str) -> memoryview:
    """All the pages in one PDF."""
    import pikepdf  # here: only the worker joins, and the library is slow to load

    whole = pikepdf.new()
    kept = []  # the pages are read in their part until the whole is saved
    for content in parts:
        part = pikepdf.open(io.BytesIO(content))
        kept.append(part)
        whole.pages.extend(part.pages)
    whole.docinfo["/Title"] = title
    whole.Root.Lang = pikepdf.String("fr-FR")
    whole.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
    out = io.BytesIO()
    whole.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getbuffer()
