/**
 * Messages of Protocol Buffers as OTLP's JSON has them: names in lower camel case, 64-bit integers as decimal text, bytes in
 * hex. Only what a schema names is read, so that a newer sender is understood as far as it goes.
 */
export type WireType = 'text' | 'bool' | 'int' | 'double' | 'fixed64' | 'hex' | (() => WireSchema);
export interface WireField {
  readonly name: string;
  readonly type: WireType;
  readonly isList?: true;
}
export type WireSchema = ReadonlyMap<number, WireField>;
export type WireValue = string | number | boolean | WireMessage | WireValue[];
export interface WireMessage {
  [name: string]: WireValue;
}

/** What is no message of the schema. */
export class NotProtobuf extends Error {}

const DEEPEST = 64;
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Messages that may still be read, those within others among them: an empty one is two bytes, and takes fifty times that. */
export interface PartsLeft {
  parts: number;
}
/** More messages within one another than the reader was given. */
export class TooManyParts extends Error {}

/**
 * @throws NotProtobuf for bytes that break off, are nested too deep, or have a field of another type; TooManyParts as soon as
 * `left` is used up
 */
export function readMessage(bytes: Buffer, schema: WireSchema, left: PartsLeft, depth = 0): WireMessage {
  if (depth > DEEPEST) throw new NotProtobuf('messages are nested too deep');
  left.parts -= 1;
  if (left.parts < 0) throw new TooManyParts();
  const reader = new Reader(bytes);
  const message: WireMessage = {};
  while (!reader.isAtEnd) {
    const tag = reader.small();
    const wire = tag & 7;
    const field = schema.get(Math.floor(tag / 8));
    if (field === undefined) {
      reader.skip(wire);
      continue;
    }
    const value = valueOf(reader, wire, field.type, left, depth);
    if (field.isList !== true) message[field.name] = value;
    else {
      const list = message[field.name];
      if (Array.isArray(list)) list.push(value);
      else message[field.name] = [value];
    }
  }
  return message;
}

function valueOf(reader: Reader, wire: number, type: WireType, left: PartsLeft, depth: number): WireValue {
  const expect = (wanted: number): void => {
    if (wire !== wanted) throw new NotProtobuf('a field has another type than OTLP’s');
  };
  if (type === 'bool' || type === 'int') {
    expect(VARINT);
    const value = reader.varint();
    return type === 'bool' ? value !== 0n : BigInt.asIntN(64, value).toString();
  }
  if (type === 'double' || type === 'fixed64') {
    expect(FIXED64);
    const eight = reader.take(8);
    return type === 'double' ? eight.readDoubleLE() : eight.readBigUInt64LE().toString();
  }
  expect(LENGTH);
  if (typeof type === 'function') return readMessage(reader.take(reader.length()), type(), left, depth + 1);
  return reader.text(reader.length(), type === 'hex' ? 'hex' : 'utf8');
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.at];
      if (byte === undefined) break;
      this.at += 1;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new NotProtobuf('the message breaks off');
  }

  /** A varint that is a tag or a length; one of a single byte, as nearly all are, without the detour by a bigint. */
  small(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined || byte > 127) return Number(this.varint());
    this.at += 1;
    return byte;
  }

  length(): number {
    const length = this.small();
    if (length > this.bytes.length) throw new NotProtobuf('the message breaks off');
    return length;
  }

  text(length: number, encoding: 'hex' | 'utf8'): string {
    if (this.at + length > this.bytes.length) throw new NotProtobuf('the message breaks off');
    this.at += length;
    return length === 0 ? '' : this.bytes.toString(encoding, this.at - length, this.at);
  }

  take(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw new NotProtobuf('the message breaks off');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  skip(wire: number): void {
    if (wire === VARINT) this.varint();
    else if (wire === FIXED64) this.take(8);
    else if (wire === LENGTH) this.take(this.length());
    else if (wire === FIXED32) this.take(4);
    else throw new NotProtobuf('a field of an unknown kind');
  }
}
