"""Office files are zip archives: written so that the same content gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
CORE = "docProps/core.xml"
DATES = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")


def without_dates(archive: bytes) -> bytes:
    """The same archive without the time of writing, in its entries and in the document properties."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        # The content types come first, as the programs that write these files put them.
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            content = source.read(name)
            if name == CORE:
                content = DATES.sub(b"", content)
            target.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
