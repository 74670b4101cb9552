"""The page at /: what this is, which release serves, and links that answer."""

import asyncio
import html
from typing import Final

from api.serving import Serving
from recommender.errors import NoRelease

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shelfwise</title>
<style>
 body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1.2rem; }}
 body {{ color: #1d2733; }}
 h1 {{ margin-bottom: 0; }} .lead {{ color: #52606d; margin-top: .2rem; }}
 .card {{ border: 1px solid #d9e2ec; border-radius: 10px; padding: .6rem 1.2rem; margin: 1rem 0; }}
 code {{ background: #f0f4f8; padding: .1rem .35rem; border-radius: 4px; font-size: .9em; }}
 a {{ color: #0b69a3; }} dt {{ color: #52606d; float: left; clear: left; width: 8rem; }} dd {{ margin-left: 8.5rem; }}
 li {{ margin: .25rem 0; }}
</style></head><body>
<h1>Shelfwise</h1>
<p class="lead">Product recommendations for shops that run their own servers: what should this shopper see now?</p>
<div class="card">{status}</div>
<h2>Try it</h2>
{links}
<p>Every endpoint with its parameters: <a href="/docs">/docs</a> ·
machine-readable: <a href="/openapi.json">/openapi.json</a>
· <a href="/readyz">/readyz</a> · <a href="/metrics">/metrics</a></p>
</body></html>
"""


async def render(serving: Serving) -> str:
    """The page for the state that this process is in."""
    try:
        live = serving.live
    except NoRelease as missing:
        status = f"<p><strong>Not ready.</strong> {html.escape(str(missing))}</p>"
        return _PAGE.format(status=status, links="<p>Links appear here as soon as a release serves.</p>")
    snapshot = live.snapshot
    rows = {
        "Release": f"<code>{html.escape(snapshot.release)}</code>",
        "Data up to": f"{live.release.manifest.data_cut:%Y-%m-%d %H:%M} UTC",
        "Products": f"{len(snapshot.catalog):,}, {int(snapshot.allowed.sum()):,} of them can be shown",
        "Reranking": "on" if snapshot.reranks() else "off: the release's evaluation found no gain",
    }
    status = "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows.items()) + "</dl>"
    return _PAGE.format(status=status, links=await _links(serving))


async def _links(serving: Serving) -> str:
    snapshot = serving.live.snapshot
    popular = snapshot.popular_first[snapshot.allowed[snapshot.popular_first]][:2]
    products = [str(snapshot.catalog.external_id[row]) for row in popular]
    customers = await asyncio.to_thread(serving.store.some_customers, 3)
    base = "/api/v1/recommendations"
    links = [(f"{base}/homepage?user_id={one}", f"the homepage of customer {one}") for one in customers]
    links.append((f"{base}/homepage", "the homepage of a stranger"))
    if products:
        name = snapshot.catalog.name[popular[0]]
        links.append((f"{base}/product/{products[0]}", f"products like {name}"))
        links.append((f"{base}/cart?product_ids={','.join(products)}", "what goes with a cart of popular products"))
        links.append((f"{base}/frequently-bought-together/{products[0]}", f"frequently bought with {name}"))
    items = "".join(f'<li><a href="{html.escape(url)}">{html.escape(text)}</a></li>' for url, text in links)
    return f"<ul>{items}</ul>"
