"""Foreign ONNX graphs over token ids: what they take, and the same graph with the inputs and the output of a stage."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, compose, helper, numpy_helper

from models.onnx_session import check_graph, open_session
from recommender.errors import InvalidInput, InvalidRelease

IDS: Final = "input_ids"
MASK: Final = "attention_mask"
SEGMENTS: Final = "token_type_ids"
INTEGERS: Final = {TensorProto.INT64: np.int64, TensorProto.INT32: np.int32}
FLOATS: Final = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE}
GRAPH: Final = "model.onnx"
INNER: Final = "foreign/"

Numbers = NDArray[np.int64]
Append = Callable[..., str]
"""``append(operator, inputs, **attributes)``: one more node; returns the name of its output."""
Finish = Callable[[Append, str], str]
"""From a float32 output to the one that serves, both by name."""


@dataclass(frozen=True)
class TokenGraph:
    """A graph that takes token ids and mask, and perhaps segments, each (batch, tokens) with both axes open."""

    proto: onnx.ModelProto
    session: onnxruntime.InferenceSession
    integer: dict[str, int]
    """ONNX type of each input."""

    @property
    def outputs(self) -> dict[str, int]:
        """ONNX type of each output."""
        return {one.name: one.type.tensor_type.elem_type for one in self.proto.graph.output}

    def run(
        self, output: str, ids: NDArray[np.int64], mask: NDArray[np.int64], segments: NDArray[np.int64]
    ) -> NDArray[Any]:
        """One output; inputs that the graph does not have are left out. `InvalidInput` where the graph fails."""
        given = {IDS: ids, MASK: mask, SEGMENTS: segments}
        inputs = {name: given[name].astype(INTEGERS[kind]) for name, kind in self.integer.items()}
        try:
            found: NDArray[Any] = self.session.run([output], inputs)[0]
        except Exception as error:  # ONNX Runtime's exceptions share no base of their own
            reason = f"the graph fails on token ids of this shape: {first_line(error)}"
            raise InvalidInput(GRAPH, list(ids.shape), reason) from error
        return found


def open_graph(path: Path) -> TokenGraph:
    """`InvalidInput` with the input's name and what it is, unless it is a graph over token ids that can be batched."""
    try:
        check_graph(path)
        proto = onnx.load(str(path), load_external_data=False)
        session = open_session(path)
    except InvalidRelease as error:
        raise InvalidInput("path", str(path), first_line(error)) from error
    except Exception as error:  # as above: whatever ONNX Runtime says of a graph that it cannot run
        raise InvalidInput("path", str(path), f"cannot be opened: {first_line(error)}") from error
    stored = {one.name for one in proto.graph.initializer}
    given = [one for one in proto.graph.input if one.name not in stored]
    _check_names([one.name for one in given])
    return TokenGraph(proto, session, {one.name: _checked_type(one) for one in given})


def first_line(error: Exception) -> str:
    """What an error of another library says, without its pages of context."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _check_names(names: Sequence[str]) -> None:
    takes = f"a graph takes {IDS} and {MASK}, and {SEGMENTS} if it likes"
    for name in names:
        if name not in (IDS, MASK, SEGMENTS):
            raise InvalidInput(f"{GRAPH} input", name, f"is not known here: {takes}")
    for name in (IDS, MASK):
        if name not in names:
            raise InvalidInput(f"{GRAPH} input", name, f"is missing: {takes}")


def _checked_type(given: onnx.ValueInfoProto) -> int:
    """The input's integer type; its axes must be (batch, tokens), both open."""
    tensor = given.type.tensor_type
    field = f"{GRAPH} input {given.name}"
    if tensor.elem_type not in INTEGERS:
        raise InvalidInput(field, _type_name(tensor.elem_type), "must be int64 or int32")
    axes = [axis.dim_value or axis.dim_param or "?" for axis in tensor.shape.dim]
    if len(axes) != 2:
        raise InvalidInput(field, axes, "must have two axes: batch and tokens")
    for axis, name in zip(axes, ("batch size", "number of tokens"), strict=True):
        if isinstance(axis, int):
            raise InvalidInput(field, axes, f"has a fixed {name}: export the graph with dynamic axes")
    return int(tensor.elem_type)


def chosen_output(graph: TokenGraph, asked: str | None, usual: Sequence[str]) -> str:
    """The output that was asked for, or the first that is called as usual, or the only one. `InvalidInput` if none."""
    names = list(graph.outputs)
    if asked is not None and asked not in names:
        raise InvalidInput("output", asked, f"is not an output of the graph: {', '.join(names)}")
    found = asked or next((name for name in usual if name in names), names[0] if len(names) == 1 else None)
    if found is None:
        raise InvalidInput(f"{GRAPH} outputs", names, "none is called as usual: say which one with --output")
    require_float(graph, found)
    return found


def require_float(graph: TokenGraph, output: str) -> None:
    """`InvalidInput` where the output holds anything but floating-point numbers."""
    kind = graph.outputs[output]
    if kind not in FLOATS:
        raise InvalidInput(f"{GRAPH} output {output}", _type_name(kind), "must be float32 (float16 and double will do)")


def adapted(
    graph: TokenGraph,
    output: str,
    *,
    inputs: Sequence[str],
    result: str,
    axes: Sequence[str | int],
    finish: Finish,
) -> onnx.ModelProto:
    """The same graph taking int64 ``inputs``, its output turned by ``finish(append, name)`` into float32 ``result``.

    Segments that the graph takes and ``inputs`` lack are 0. Every operator used here is the same in all versions of
    the operator set since 13, so the graph keeps its own.
    """
    inner = compose.add_prefix(graph.proto, INNER)
    before: list[onnx.NodeProto] = []
    after: list[onnx.NodeProto] = []
    for name, kind in graph.integer.items():
        source = name if name in inputs else _appending(before, "before")("Sub", [IDS, IDS])
        before.append(helper.make_node("Cast", [source], [INNER + name], to=kind))
    append = _appending(after, "after")
    last = finish(append, append("Cast", [INNER + output], to=TensorProto.FLOAT))
    after.append(helper.make_node("Identity", [last], [result]))
    whole = onnx.ModelProto()
    whole.CopyFrom(inner)
    del whole.graph.node[:], whole.graph.input[:], whole.graph.output[:]
    whole.graph.node.extend([*before, *inner.graph.node, *after])
    whole.graph.input.extend(
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs
    )
    whole.graph.output.append(helper.make_tensor_value_info(result, TensorProto.FLOAT, list(axes)))
    onnx.checker.check_model(whole)
    return whole


def _appending(nodes: list[onnx.NodeProto], scope: str) -> Append:
    def append(operator: str, inputs: Sequence[str | NDArray[Any]], **attributes: object) -> str:
        names = []
        for one in inputs:
            if isinstance(one, np.ndarray):
                names.append(f"{scope}/constant/{len(nodes)}")
                nodes.append(helper.make_node("Constant", [], [names[-1]], value=numpy_helper.from_array(one)))
            else:
                names.append(one)
        name = f"{scope}/{operator}/{len(nodes)}"
        nodes.append(helper.make_node(operator, names, [name], **attributes))
        return name

    return append


def _type_name(kind: int) -> str:
    return str(TensorProto.DataType.Name(kind)).lower()
