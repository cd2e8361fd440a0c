"""Hook of mkdocs: make the site complete in itself.

Role: a link such as ../../profiles/hf10.yaml leads out of docs/, where a forge shows the file; on
the site the same file lies below repository/. Invariant: no page is changed on the disk, and a page
that would load anything from elsewhere ends the build.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

OUTSIDE = re.compile(r"\]\(((?:\.\./)+[^)#\s]+)\)")
ELSEWHERE = re.compile(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=[\"']?(?:https?:)?//[^>]*>")
TAKEN = "repository"
SHIM = "iframe-worker.js"


def outside(source: str, link: str) -> str:
    """Return a link's path below the repository, empty for one that stays in docs/."""
    target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(source), link))
    return "" if target.startswith(("docs/", "../")) else target


def taken(target: str) -> str:
    """Return where such a file lies on the site; Markdown as text, for it is no page of docs/."""
    return f"{TAKEN}/{target}" + (".txt" if target.endswith(".md") else "")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add each file outside docs/ that a page links to."""
    root = Path(config.docs_dir).parent
    linked = {
        target
        for file in files.documentation_pages()
        for link in OUTSIDE.findall(file.content_string)
        if (target := outside(file.src_uri, link)) and (root / target).is_file()
    }
    for target in sorted(linked):
        files.append(File.generated(config, taken(target), abs_src_path=str(root / target)))
    shim = Path(__file__).with_name(SHIM)
    files.append(File.generated(config, f"assets/{SHIM}", abs_src_path=str(shim)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point such links at the copies; one that leads nowhere stays, for mkdocs to complain of."""

    def moved(match: re.Match[str]) -> str:
        target = outside(page.file.src_uri, match[1])
        if not target or files.get_file_from_path(taken(target)) is None:
            return match[0]
        return f"]({posixpath.relpath(taken(target), posixpath.dirname(page.file.src_uri) or '.')})"

    return OUTSIDE.sub(moved, markdown)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Return the page as it is; raise PluginError if it loads anything from elsewhere."""
    if match := ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri}: loads from elsewhere: {match[0]}")
    return output
