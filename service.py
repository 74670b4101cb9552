"""The service graph: names the stages and mounts the API. No logic lives here."""

from pathlib import Path
from typing import Any

import bentoml

from api.app import build_app
from api.logs import configure_logs
from api.middleware import OwnPages
from api.serving import Serving
from recommender.rules.file import read_rules
from runners.collaborative import Collaborative
from runners.embedding import Embedding
from runners.guard import present_secret
from runners.reranker import Reranker
from runners.service_settings import GATEWAY
from runners.stages import StageHandles
from settings import read_settings

app = build_app()


@bentoml.service(name="Gateway", **GATEWAY)
@bentoml.asgi_app(app, path="/")
class Gateway:
    """Candidates, blend, rules and slate run here; the stages do the forward passes."""

    embedding = bentoml.depends(Embedding)
    collaborative = bentoml.depends(Collaborative)
    reranker = bentoml.depends(Reranker)

    def __init__(self) -> None:
        settings = read_settings()
        configure_logs(settings.log_level)
        present_secret(settings.stage_secret)
        handles = StageHandles(self.embedding, self.collaborative, self.reranker)
        app.state.serving = Serving(settings, read_rules(Path(settings.rules_file)), handles)

    def __is_ready__(self) -> Any:  # noqa: ANN401 - BentoML's own probe, which must never raise
        return not app.state.serving.problems


Gateway.add_asgi_middleware(OwnPages, own=app)  # type: ignore[attr-defined]
