"""What each release answers, computed in this process by the same pipeline: no answer may be a mixture of two."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from api.customers import customer_of
from api.embeddings import Embeddings
from api.live import Live, go_live
from api.store_view import StoreView
from models.cross_encoder import CrossEncoder
from models.in_process import InProcessStages, answer_now
from models.release import read_release
from recommender.catalog import Catalog
from recommender.pipeline import recommend
from recommender.rules.file import read_rules
from recommender.trace import timeless
from recommender.types import Context, Query
from runners.shelf import release_store
from runners.similarity import products
from runners.stages import ReleaseStages, StageHandles
from settings import Settings
from store.engine import open_engine

LIMIT: Final = 8
LATER_SECONDS: Final = 3600.0
"""A list that is another one by then depends on the time, and is not asked for."""


@dataclass(frozen=True, slots=True)
class Request:
    """One page of the shop."""

    context: Context
    user_id: str | None = None
    anchors: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Below the server's address."""
        pages = {Context.HOMEPAGE: "homepage", Context.CART: f"cart?product_ids={','.join(self.anchors)}"}
        page = pages.get(self.context) or f"product/{self.anchors[0]}"
        named = "" if self.user_id is None else f"{'&' if '?' in page else '?'}user_id={self.user_id}"
        length = f"{'&' if '?' in page + named else '?'}limit={LIMIT}"
        return f"/api/v1/recommendations/{page}{named}{length}"


@dataclass(frozen=True, slots=True)
class List:
    """Products in order, with their scores."""

    products: tuple[str, ...]
    scores: tuple[float, ...]

    def agrees(self, other: "List") -> bool:
        """Whether it is the same list; stages may add up in another order where they answer several at once."""
        return self.products == other.products and np.allclose(self.scores, other.scores, atol=1e-4)


NOTHING: Final = List((), ())

BATCHES: Final = (1, 2, 16)
"""How many requests may share a product of matrices: its last bits depend on it."""

Expected = dict[str, dict[Request, List]]
"""By release id."""


def expected_answers(settings: Settings, releases: Sequence[str], requests: Sequence[Request]) -> Expected:
    """The answer of each release to the requests that tell releases apart.

    At the first one their answer does not change by the hour, nor by who asks at the same time: of two products that
    are alike but for the last bit either may be a candidate. At the second it is another one.
    """
    store = StoreView(open_engine(settings.database_url))
    catalog = store.catalog()
    now = time.time()
    found: Expected = {}
    for release_id in releases:
        live, stages = _opened(settings, store, catalog, release_id)
        found[release_id] = {one: _answer(one, live, stages, store, now) for one in requests}
        if len(found) == 1:
            requests = [one for one in requests if _is_steady(one, found[release_id][one], live, stages, store, now)]
    store.engine.dispose()
    one, other = (found[release_id] for release_id in releases[:2])
    telling = [request for request in requests if not one[request].agrees(other[request])]
    return {release_id: {one: lists[one] for one in telling} for release_id, lists in found.items()}


def some_requests(settings: Settings, count: int) -> list[Request]:
    """Homepages of recent customers, pages and carts of products: ``count`` of each."""
    store = StoreView(open_engine(settings.database_url))
    catalog = store.catalog()
    products = [str(one) for one in catalog.external_id[catalog.active]][:: max(1, int(catalog.active.sum()) // count)]
    customers = store.some_customers(count)
    store.engine.dispose()
    return list(_pages(customers, products[:count]))


def _pages(customers: Sequence[str], products: Sequence[str]) -> Iterator[Request]:
    yield from (Request(Context.HOMEPAGE, user_id=one) for one in customers)
    yield from (Request(Context.PRODUCT_PAGE, anchors=(one,)) for one in products)
    yield from (Request(Context.CART, anchors=pair) for pair in pairwise(products))


def _opened(settings: Settings, store: StoreView, catalog: Catalog, release_id: str) -> tuple[Live, InProcessStages]:
    folder = release_store(settings).fetch(release_id)
    release = read_release(folder)
    nowhere = ReleaseStages(StageHandles(None, None, None), release_id, lambda stage, size: None)
    rules = read_rules(Path(settings.rules_file))
    live = asyncio.run(go_live(release, catalog, rules, nowhere, Embeddings(store.engine)))
    return live, InProcessStages(release.collaborative, CrossEncoder(folder / "cross_encoder"))


def _is_steady(
    request: Request, answer: List, live: Live, stages: InProcessStages, store: StoreView, now: float
) -> bool:
    if not answer.agrees(_answer(request, live, stages, store, now + LATER_SECONDS)):
        return False
    return all(answer.agrees(_answer(request, live, _Batched(stages, size), store, now)) for size in BATCHES)


class _Batched(InProcessStages):
    """The same stages, with similarities as the gateway computes them for ``size`` requests at a time."""

    def __init__(self, stages: InProcessStages, size: int) -> None:
        super().__init__(stages.collaborative, stages.cross_encoder)
        self._size = size

    async def similarities(self, vectors: NDArray[np.float32], profile: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `recommender.stages.Stages`."""
        first: NDArray[np.float32] = products(vectors, np.stack([profile] * self._size))[0]
        return first


def _answer(request: Request, live: Live, stages: InProcessStages, store: StoreView, now: float) -> List:
    catalog = live.snapshot.catalog
    known = store.shopper(request.user_id, None, personal_by_default=True) if request.user_id else None
    rows = np.array([catalog.row_of[one] for one in request.anchors], dtype=np.int64)
    customer = customer_of(known, catalog)
    query = Query(context=request.context, limit=LIMIT, at=now, history=customer.history, anchors=rows)
    slate = answer_now(recommend(query, live.snapshot, stages, timeless()))
    return List(
        tuple(str(one) for one in catalog.external_id[slate.item]), tuple(round(one, 6) for one in slate.score.tolist())
    )
