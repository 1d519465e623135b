// What every generated Python package has. Private to the room.
#pragma once

namespace user_events::typings {

inline constexpr char kPythonHead[] = R"py("""Events of user-events: dataclasses, and how they are read from CloudEvents JSON. No dependencies; Python 3.10 and later."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as _field
from datetime import datetime, timezone
from typing import Any, Literal, TypeAlias, TypeVar, Union, cast

JsonValue: TypeAlias = Union[None, bool, int, float, str, "Sequence[JsonValue]", "Mapping[str, JsonValue]"]
"""Any JSON value."""

_T = TypeVar("_T")


class EventParseError(ValueError):
    """What is no event of the catalogue. `path` is a JSON Pointer to what is wrong; no value is told."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'the event'} {problem}")
        self.path = path


def _below(path: str, name: str) -> str:
    return path + "/" + name.replace("~", "~0").replace("/", "~1")


def _object(value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise EventParseError(path, "is no object")


def _any(value: Any, path: str) -> JsonValue:
    return cast(JsonValue, value)


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise EventParseError(path, "is no text")
    return value


def _boolean(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise EventParseError(path, "is no boolean")
    return value


def _integer(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        raise EventParseError(path, "is no whole number")
    return int(value)


def _number(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise EventParseError(path, "is no number")
    return value


def _timestamp(value: Any, path: str) -> datetime:
    try:
        time = datetime.fromisoformat(_text(value, path).replace("Z", "+00:00"))
    except ValueError as error:
        raise EventParseError(path, "is no time") from error
    if time.tzinfo is None:
        raise EventParseError(path, "is a time of no zone")
    return time


def _time_text(value: datetime) -> str:
    return value.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _one_of(*symbols: str) -> Callable[[Any, str], Any]:
    def read(value: Any, path: str) -> Any:
        if _text(value, path) not in symbols:
            raise EventParseError(path, "is none of the known values")
        return value

    return read


def _nullable(read: Callable[[Any, str], _T]) -> Callable[[Any, str], _T | None]:
    return lambda value, path: None if value is None else read(value, path)


def _array(read: Callable[[Any, str], _T]) -> Callable[[Any, str], Sequence[_T]]:
    def read_all(value: Any, path: str) -> Sequence[_T]:
        if not isinstance(value, list):
            raise EventParseError(path, "is no array")
        return [read(item, f"{path}/{index}") for index, item in enumerate(value)]

    return read_all


def _map(read: Callable[[Any, str], _T]) -> Callable[[Any, str], Mapping[str, _T]]:
    def read_all(value: Any, path: str) -> Mapping[str, _T]:
        _object(value, path)
        return {name: read(item, _below(path, name)) for name, item in value.items()}

    return read_all


def _required(value: dict[str, Any], name: str, path: str, read: Callable[[Any, str], _T]) -> _T:
    if name not in value:
        raise EventParseError(_below(path, name), "is missing")
    return read(value[name], _below(path, name))


def _optional(value: dict[str, Any], name: str, path: str, read: Callable[[Any, str], _T]) -> _T | None:
    return read(value[name], _below(path, name)) if name in value else None


def _extra(value: dict[str, Any], known: tuple[str, ...]) -> Mapping[str, JsonValue]:
    return {name: member for name, member in value.items() if name not in known}


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEvent:
    """Attributes of every event: CloudEvents 1.0 and the extensions of user-events."""

    id: str
    """Identifies the event within its source: drop duplicates by `source` and `id`."""
    source: str
    time: datetime
    """When it happened."""
    partitionkey: str
    """Events of one key come in the order of `sequence`."""
    sequence: str
    """The event's number in the journal `journalid`, 20 digits."""
    journalid: str
    subject: str | None = None
    """The user's id; None if the event names no known user."""
    replay: str | None = None
    """Only if a person had the event sent again: how often."""
    foldedcount: int | None = None
    """Only if the event stands for several that were folded into it: how many."""
    traceparent: str | None = None
    tracestate: str | None = None
    extensions: Mapping[str, JsonValue] = _field(default_factory=dict)
    """Further CloudEvents attributes of the producer."""

    def _attributes_to_json(self, type_: str, dataschema: str, data: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {"specversion": "1.0", "id": self.id, "source": self.source, "type": type_}
        if self.subject is not None:
            out["subject"] = self.subject
        out.update(time=_time_text(self.time), datacontenttype="application/json", dataschema=dataschema)
        out.update(partitionkey=self.partitionkey, sequence=self.sequence, journalid=self.journalid)
        for name, value in (
            ("replay", self.replay),
            ("traceparent", self.traceparent),
            ("tracestate", self.tracestate),
            ("foldedcount", self.foldedcount),
        ):
            if value is not None:
                out[name] = value
        out.update(self.extensions)
        out["data"] = data
        return out


_KNOWN_ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "partitionkey", "sequence",
                     "journalid", "replay", "foldedcount", "traceparent", "tracestate", "data")  # fmt: skip


def _attributes(value: dict[str, Any]) -> dict[str, Any]:
    required = {name: _required(value, name, "", _text) for name in ("id", "source", "partitionkey", "sequence", "journalid")}
    optional = {name: _optional(value, name, "", _text) for name in ("subject", "replay", "traceparent", "tracestate")}
    return {
        **required,
        **optional,
        "time": _required(value, "time", "", _timestamp),
        "foldedcount": _optional(value, "foldedcount", "", _integer),
        "extensions": _extra(value, _KNOWN_ATTRIBUTES),
    }
)py";

inline constexpr char kPythonParsing[] = R"py(

def parse_event(event: str | bytes | dict[str, Any]) -> UserEvent:
    """Reads an event: CloudEvents JSON text (structured mode), or what json.loads gave.

    Types, required members and enumerations are checked. Members that the catalogue does not know are passed over, so that newer producers do
    not break older consumers. Raises EventParseError.
    """
    value: Any = event
    if isinstance(event, (str, bytes)):
        try:
            value = json.loads(event)
        except (ValueError, RecursionError) as error:
            raise EventParseError("", "is no JSON") from error
    _object(value, "")
    if _required(value, "specversion", "", _text) != "1.0":
        raise EventParseError("/specversion", "is none that is known")
    known = _EVENTS.get(_required(value, "dataschema", "", _text))
    if known is None:
        raise EventParseError("/dataschema", "is of no known type and version")
    if _required(value, "type", "", _text) != known[0]:
        raise EventParseError("/type", "is not that of dataschema")
    if "data" not in value:
        raise EventParseError("/data", "is missing")
    return known[1](value)


def new_event(data: EventData, *, id: str | None = None, time: datetime | None = None) -> dict[str, Any]:
    """An event as `POST /v1/events` takes it. With `id`, publishing twice is accepted once."""
    type_, version = _VERSIONS[data.__class__]
    out: dict[str, Any] = {"type": type_, "version": version, "data": data.to_json()}
    if id is not None:
        out["id"] = id
    if time is not None:
        out["time"] = _time_text(time)
    return out
)py";

}  // namespace user_events::typings
