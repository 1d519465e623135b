// What every generated TypeScript module has. Private to the room.
#pragma once

namespace user_events::typings {

inline constexpr char kTypeScriptHead[] = R"ts(
/** Any JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** Attributes of every event: CloudEvents 1.0 and the extensions of user-events. */
export interface EventAttributes {
  readonly specversion: "1.0";
  /** Identifies the event within its source: drop duplicates by `source` and `id`. */
  readonly id: string;
  readonly source: string;
  /** The user's id; absent if the event names no known user. */
  readonly subject?: string;
  /** When it happened: RFC 3339, UTC, with milliseconds. */
  readonly time: string;
  readonly datacontenttype: "application/json";
  /** Events of one key come in the order of `sequence`. */
  readonly partitionkey: string;
  /** The event's number in the journal `journalid`, 20 digits. */
  readonly sequence: string;
  readonly journalid: string;
  /** Only if a person had the event sent again: how often. */
  readonly replay?: string;
  /** Only if the event stands for several that were folded into it: how many. */
  readonly foldedcount?: number;
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** An event in CloudEvents' structured mode. */
export interface CloudEvent<Type extends string, DataSchema extends string, Data> extends EventAttributes {
  readonly type: Type;
  readonly dataschema: DataSchema;
  readonly data: Data;
}
)ts";

inline constexpr char kTypeScriptEvents[] = R"ts(
export type EventType = UserEvent["type"];

/** The event of a type: `EventOf<"user.created">`. */
export type EventOf<Type extends EventType> = Extract<UserEvent, { readonly type: Type }>;

/** An event as it is published. */
export interface NewEventOf<Type extends string, Version extends number, Data> {
  readonly type: Type;
  /** Left out: the newest version of the type. */
  readonly version?: Version;
  /** Left out: a new one. Given: publishing twice is accepted once. */
  readonly id?: string;
  /** RFC 3339. Left out: now. */
  readonly time?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly data: Data;
}

// Not Omit: of a type that allows any name it would leave nothing that is required.
type Fillable<Data, Names extends PropertyKey> = Data extends unknown
  ? { [Name in keyof Data as Name extends Names ? never : Name]: Data[Name] } & Partial<Pick<Data, Extract<Names, keyof Data>>>
  : never;
)ts";

inline constexpr char kTypeScriptParsing[] = R"ts(
/** What is no event of the catalogue. `path` is a JSON Pointer to what is wrong; no value is told. */
export class EventParseError extends Error {
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`${path === "" ? "the event" : path} ${problem}`);
    this.name = "EventParseError";
    this.path = path;
  }
}

/**
 * Reads an event: JSON text, or a value that JSON.parse gave. Types, required members and enumerations are checked; members that the
 * catalogue does not know are left as they are, so that newer producers do not break older consumers.
 * @throws EventParseError
 */
export function parseEvent(input: unknown): UserEvent {
  let value: unknown = input;
  if (typeof input === "string") {
    try {
      value = JSON.parse(input);
    } catch {
      throw new EventParseError("", "is no JSON");
    }
  }
  check(value, eventShape, "");
  const event = value as EventAttributes & { readonly type: string; readonly dataschema: string; readonly data: unknown };
  const schema = schemas.get(event.dataschema);
  if (schema === undefined) throw new EventParseError("/dataschema", "is of no known type and version");
  if (schema[0] !== event.type) throw new EventParseError("/type", "is not that of dataschema");
  check(event.data, schema[1], "/data");
  return event as UserEvent;
}

/** Whether a value is an event of the catalogue. */
export function isUserEvent(value: unknown): value is UserEvent {
  if (typeof value === "string") return false;
  try {
    parseEvent(value);
    return true;
  } catch {
    return false;
  }
}

interface Shape {
  readonly kind: "boolean" | "integer" | "number" | "text" | "array" | "map" | "object" | "any";
  readonly nullable?: boolean;
  readonly symbols?: readonly string[];
  readonly element?: Shape;
  readonly members?: ReadonlyMap<string, readonly [shape: Shape, required: boolean]>;
  readonly oneRequired?: ReadonlyArray<readonly string[]>;
}

const text: Shape = { kind: "text" };
const eventShape: Shape = {
  kind: "object",
  members: new Map<string, readonly [Shape, boolean]>([
    ["specversion", [{ kind: "text", symbols: ["1.0"] }, true]],
    ["id", [text, true]],
    ["source", [text, true]],
    ["type", [text, true]],
    ["subject", [text, false]],
    ["time", [text, true]],
    ["datacontenttype", [{ kind: "text", symbols: ["application/json"] }, true]],
    ["dataschema", [text, true]],
    ["partitionkey", [text, true]],
    ["sequence", [text, true]],
    ["journalid", [text, true]],
    ["replay", [text, false]],
    ["foldedcount", [{ kind: "integer" }, false]],
    ["traceparent", [text, false]],
    ["tracestate", [text, false]],
    ["data", [{ kind: "any" }, true]],
  ]),
};

function check(value: unknown, shape: Shape, path: string): void {
  if (value === null && (shape.nullable === true || shape.kind === "any")) return;
  switch (shape.kind) {
    case "any":
      return;
    case "boolean":
      if (typeof value !== "boolean") throw new EventParseError(path, "is no boolean");
      return;
    case "integer":
      if (!Number.isInteger(value)) throw new EventParseError(path, "is no whole number");
      return;
    case "number":
      if (typeof value !== "number") throw new EventParseError(path, "is no number");
      return;
    case "text":
      if (typeof value !== "string") throw new EventParseError(path, "is no text");
      if (shape.symbols !== undefined && !shape.symbols.includes(value)) throw new EventParseError(path, "is none of the known values");
      return;
    case "array":
      if (!Array.isArray(value)) throw new EventParseError(path, "is no array");
      if (shape.element !== undefined) for (const [index, item] of value.entries()) check(item, shape.element, `${path}/${index}`);
      return;
    default:
      checkObject(value, shape, path);
  }
}

function checkObject(value: unknown, shape: Shape, path: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new EventParseError(path, "is no object");
  const members = new Map<string, unknown>(Object.entries(value));
  const pointer = (name: string): string => `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  if (shape.element !== undefined) for (const [name, member] of members) check(member, shape.element, pointer(name));
  for (const [name, [of, required]] of shape.members ?? []) {
    const member = members.get(name);
    if (member !== undefined) check(member, of, pointer(name));
    else if (required) throw new EventParseError(pointer(name), "is missing");
  }
  const sets = shape.oneRequired;
  if (sets !== undefined && !sets.some((set) => set.every((name) => members.has(name)))) throw new EventParseError(path, "lacks a member");
}
)ts";

}  // namespace user_events::typings
