"""Reads Parquet, CSV and newline-delimited JSON into chunks of raw columns, the same rows at each reading."""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, TextIO

import pyarrow as pa
from pyarrow import parquet

from recommender.errors import InvalidInput
from store.imports.mapping import check_mapping, renamed
from store.imports.rejects import Reject

RawColumn = Any
"""One column as its format gives it: a pyarrow array, or a list of JSON values. pyarrow has no type stubs."""

_SUFFIXES: Final = (".parquet", ".csv", ".ndjson", ".jsonl")
_BLOCK: Final = 1 << 20
_SAMPLED_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class RawChunk:
    """Consecutive data rows: the readable ones as columns, with their lines, and the others as rejects."""

    lines: Sequence[int]
    columns: Mapping[str, RawColumn]
    unreadable: Sequence[Reject]

    @property
    def rows(self) -> int:
        return len(self.lines) + len(self.unreadable)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to import. ``rows`` is exact for Parquet; a CSV value with line breaks counts as more.

    ``columns`` are those of the header, or of the first thousand rows of JSON, under our names; None for JSON
    without any row. ``mapping`` says how the file calls ours.
    """

    path: Path
    sha256: str
    rows: int
    columns: tuple[str, ...] | None
    mapping: Mapping[str, str] = field(default_factory=dict)


def open_source(path: Path, mapping: Mapping[str, str] | None = None) -> SourceFile:
    """Raises InvalidInput for a missing file, an unknown suffix, or a file that is not what its suffix says.

    With a ``mapping`` it is another source than without, and can be imported again.
    """
    source = _open(path)
    if not mapping:
        return source
    columns = None if source.columns is None else tuple(renamed(dict.fromkeys(source.columns), mapping))
    if source.columns is not None:
        check_mapping(mapping, there=source.columns, known=None)
    said = json.dumps([source.sha256, sorted(mapping.items())])
    return replace(source, sha256=hashlib.sha256(said.encode()).hexdigest(), columns=columns, mapping=mapping)


def _open(path: Path) -> SourceFile:
    if path.suffix.lower() not in _SUFFIXES:
        raise InvalidInput("path", str(path), f"must end with one of {', '.join(_SUFFIXES)}")
    if not path.is_file():
        raise InvalidInput("path", str(path), "no such file")
    sha256, line_ends = _digest(path)
    with _readable(path):
        match path.suffix.lower():
            case ".parquet":
                file = parquet.ParquetFile(path)
                return SourceFile(path, sha256, file.metadata.num_rows, tuple(file.schema_arrow.names))
            case ".csv":
                return SourceFile(path, sha256, max(0, line_ends - 1), _csv_header(path))
    return SourceFile(path, sha256, line_ends, _ndjson_columns(path))


def _digest(path: Path) -> tuple[str, int]:
    digest, line_ends, block = hashlib.sha256(), 0, b"\n"
    with path.open("rb") as file:
        while read := file.read(_BLOCK):
            block = read
            digest.update(block)
            line_ends += block.count(b"\n")
    return digest.hexdigest(), line_ends + (not block.endswith(b"\n"))


def read_chunks(source: SourceFile, *, start: int, size: int) -> Iterator[RawChunk]:
    """The data rows after the first ``start``, at most ``size`` at a time, under our names for their columns."""
    for chunk in _chunks(source, start, size):
        yield replace(chunk, columns=renamed(chunk.columns, source.mapping)) if source.mapping else chunk


def _chunks(source: SourceFile, start: int, size: int) -> Iterator[RawChunk]:
    with _readable(source.path):
        match source.path.suffix.lower():
            case ".parquet":
                yield from _parquet_chunks(source.path, start, size)
            case ".csv":
                yield from _csv_chunks(source.path, start, size)
            case _:
                yield from _ndjson_chunks(source.path, start, size)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput("path", str(path), f"is not a readable {path.suffix[1:]} file: {error}") from error


def _parquet_chunks(path: Path, start: int, size: int) -> Iterator[RawChunk]:
    end = 0
    for batch in parquet.ParquetFile(path).iter_batches(batch_size=size):
        begin, end = end, end + batch.num_rows
        if end <= start:
            continue
        batch = batch.slice(max(0, start - begin))
        columns = {name: _decoded(batch.column(place)) for place, name in enumerate(batch.schema.names)}
        yield RawChunk(range(end - batch.num_rows + 1, end + 1), columns, ())


def _decoded(column: RawColumn) -> RawColumn:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    binary = pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
    return column.cast(pa.large_string()) if binary else column  # some writers do not mark their text as text


def _csv_rows(file: TextIO) -> Iterator[list[str]]:
    return (row for row in csv.reader(file) if row)  # a blank line is no row


def _open_text(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig", newline="")  # spreadsheets put a byte order mark first


def _csv_header(path: Path) -> tuple[str, ...]:
    with _open_text(path) as file:
        header = tuple(name.strip() for name in next(_csv_rows(file), []))
    for name in header:
        if not name or header.count(name) > 1:
            raise InvalidInput("header", name, "every column of a CSV file needs a name of its own")
    return header


def _csv_chunks(path: Path, start: int, size: int) -> Iterator[RawChunk]:
    header = _csv_header(path)
    with _open_text(path) as file:
        rows = islice(_csv_rows(file), 1 + start, None)
        while batch := list(islice(rows, size)):
            yield _csv_chunk(header, batch, start)
            start += len(batch)


def _csv_chunk(header: tuple[str, ...], batch: Sequence[list[str]], start: int) -> RawChunk:
    lines, whole, rejects = [], [], []
    for line, row in enumerate(batch, start + 1):
        if len(row) == len(header):
            lines.append(line)
            whole.append(row)
        else:
            reason = f"{len(row)} values where the header has {len(header)} columns"
            rejects.append(Reject(line, "row", ",".join(row), reason))
    values = zip(*whole, strict=True) if whole else [()] * len(header)
    columns = {name: pa.array(column, pa.string()) for name, column in zip(header, values, strict=True)}
    return RawChunk(lines, columns, rejects)


def _ndjson_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from (line for line in file if not line.isspace())


def _ndjson_columns(path: Path) -> tuple[str, ...] | None:
    sample = [_ndjson_row(line) for line in islice(_ndjson_lines(path), _SAMPLED_ROWS)]
    names = dict.fromkeys(name for row in sample if isinstance(row, dict) for name in row)
    return tuple(names) if sample else None


def _ndjson_chunks(path: Path, start: int, size: int) -> Iterator[RawChunk]:
    remaining = islice(_ndjson_lines(path), start, None)
    while batch := list(islice(remaining, size)):
        yield _ndjson_chunk(batch, start)
        start += len(batch)


def _ndjson_chunk(batch: Sequence[bytes], start: int) -> RawChunk:
    lines, rows, rejects = [], [], []
    for number, line in enumerate(batch, start + 1):
        row = _ndjson_row(line)
        if isinstance(row, dict):
            lines.append(number)
            rows.append(row)
        else:
            rejects.append(Reject(number, "row", line.decode(errors="replace").strip(), row))
    names = dict.fromkeys(name for row in rows for name in row)
    return RawChunk(lines, {name: [row.get(name) for row in rows] for name in names}, rejects)


def _ndjson_row(line: bytes) -> dict[str, object] | str:
    """The object on this line, or why there is none."""
    try:
        row = json.loads(line)
        if b"\\u" in line:
            json.dumps(row, ensure_ascii=False).encode()  # an escape can name half of a character
    except (ValueError, RecursionError) as error:
        return f"is not JSON in UTF-8: {error}"
    return row if isinstance(row, dict) else "is not a JSON object"
