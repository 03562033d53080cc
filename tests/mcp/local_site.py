"""A web site on loopback for the tests and benchmarks of the fetch server: a page with everything, and a long one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ARTICLE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Notes on kettles</title>
<style>p { color: red }</style><script>document.title = "changed"</script></head>
<body><article>
<h1>Notes on kettles</h1>
<p>A kettle boils <strong>water</strong>. It is <em>not</em> a teapot, as the <a href="/teapot">page on teapots</a>
explains, and the <a href="https://example.com/history">history of kettles</a> is long. This paragraph is
long enough to be content.</p>
<h2>How to boil</h2>
<ol><li>Fill the kettle.</li><li>Switch it on.</li></ol>
<p>The programme of a kettle is <code>boil()</code>, and in full it reads as follows, without any surprises in it:</p>
<pre><code>def boil(water):
    while water.temperature &lt; 100:
        heat(water)
</code></pre>
<h2>Sizes</h2>
<table><thead><tr><th>Kettle</th><th>Litres</th></tr></thead>
<tbody><tr><td>Small</td><td>0.5</td></tr><tr><td>Large</td><td>1.7</td></tr></tbody></table>
<h3>See also</h3>
<ul><li>Teapots</li><li>Samovars</li></ul>
<blockquote><p>A watched pot never boils, said somebody who had watched one for long enough to know.</p></blockquote>
</article></body></html>
"""


def long_page(size: int) -> str:
    """A page of about ``size`` bytes, with the mix of elements that pages have."""
    paragraph = (
        '<h2>Part {0}</h2><p>Some <b>bold</b> words, a <a href="/part/{0}">link</a> and more words, so that it '
        "looks like a page somebody wrote.</p><ul><li>first</li><li>second</li></ul>"
    )
    parts: list[str] = []
    length = 0
    while length < size:
        parts.append(paragraph.format(len(parts)))
        length += len(parts[-1])
    return f"<html><head><title>Long</title></head><body>{''.join(parts)}</body></html>"


PAGES = {"/article": ARTICLE, "/long": long_page(100 * 1024)}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        page = PAGES.get(self.path.partition("?")[0])
        body = (page or "not here").encode()
        self.send_response(200 if page else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def local_site() -> Iterator[str]:
    """Serves the pages on a free port; yields the address without a path."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
